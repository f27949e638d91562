"""Questions that are answered in parts: matching, ordering, a text with gaps; and how somebody answered them."""

from typing import Any

from tests.browser.sample_texts import choices, item, text

PARTS: list[dict[str, Any]] = [
    item(
        10,
        "matching",
        text("จับคู่ดัชนีกับสิ่งที่ดัชนีนั้นบอก", "Match each index with what it tells"),
        prompts=choices(
            text("ค่าความยาก $p$", "The facility $p$"),
            text("ค่าอำนาจจำแนก $r$", "The discrimination $r$"),
            text("ดัชนี IOC", "The IOC"),
        ),
        choices=[
            {"id": f"c{n}", "text": one}
            for n, one in enumerate(
                (
                    text("สัดส่วนของผู้ตอบถูก $\\frac{R}{N}$", "The share of right answers $\\frac{R}{N}$"),
                    text("ความสอดคล้องของข้อสอบกับจุดประสงค์", "How an item agrees with its objective"),
                    text("การแยกกลุ่มเก่งออกจากกลุ่มอ่อน", "How it tells strong from weak"),
                    text("เวลาที่ใช้สอบ", "The time it takes"),
                ),
                4,
            )
        ],
    ),
    item(
        11,
        "ordering",
        text("เรียงขั้นตอนการสร้างแบบทดสอบ", "Put the steps of making a test in order"),
        choices=choices(
            text("ทดลองใช้และวิเคราะห์ข้อสอบ", "Try it out and analyse the items"),
            text("กำหนดจุดประสงค์", "Set the objectives"),
            text("เขียนข้อสอบ", "Write the items"),
            text("ทำตารางวิเคราะห์หลักสูตร", "Draw up the blueprint"),
        ),
    ),
    item(
        12,
        "gap_text",
        text("เติมข้อความให้สมบูรณ์", "Complete the text"),
        text=text(
            "แบบทดสอบที่ให้ผลคงเส้นคงวาเรียกว่ามี [[g1]] ส่วนที่วัดได้ตรงตามสิ่งที่ต้องการวัดเรียกว่ามี [[g2]]\n\n"
            "- เพิ่มข้อสอบจาก 20 ข้อเป็น 40 ข้อ คือเพิ่มเป็น [[g3]] เท่า",
            "A test with steady results has [[g1]]; one that measures what it should has [[g2]].\n\n"
            "- From 20 items to 40 is [[g3]] times as long",
        ),
        gaps=[
            {
                "id": "g1",
                "kind": "choice",
                "choices": choices(text("ความเที่ยง", "reliability"), text("ความยาก", "difficulty")),
            },
            {"id": "g2", "kind": "text"},
            {"id": "g3", "kind": "number"},
        ],
    ),
]

PARTS_ANSWERED: list[tuple[Any, Any, float]] = [
    ({"c1": "c4", "c2": "c7"}, {"c1": "c4", "c2": "c6", "c3": "c5"}, 0.3333),
    (["c2", "c3", "c4"], ["c2", "c4", "c3", "c1"], 0.25),
    ({"g1": "c1", "g2": "ความตรง"}, {"g1": "c1", "g2": ["ความตรง", "validity"], "g3": 2}, 0.6666),
]
"""Response, key, and what it earned of one point."""
