// A phone's photograph is larger than the service takes and than a QR code needs: it is made smaller before it is sent.
// Without script, or where the browser cannot, the picture goes as it is and the service says if it is too large.
// What is dropped on the page is sent at once.
import { onDrop } from "./drop.js";

const LARGEST = 1_500_000;
const LONG_SIDES = [2400, 1700, 1200];

const input = document.querySelector("input[type=file]");
input.addEventListener("change", fit);
onDrop(async (file) => {
  choose(file);
  await fit();
  input.form.requestSubmit();
});

async function fit() {
  const [file] = input.files;
  if (!file?.type.startsWith("image/") || file.size <= LARGEST) return;
  const smaller = await shrunk(file).catch(() => null);
  if (smaller && input.files[0] === file) choose(smaller);
}

function choose(file) {
  const chosen = new DataTransfer();
  chosen.items.add(file);
  input.files = chosen.files;
}

async function shrunk(file) {
  const picture = await createImageBitmap(file);
  for (const side of LONG_SIDES) {
    const blob = await drawn(picture, Math.min(1, side / Math.max(picture.width, picture.height)));
    if (blob.size <= LARGEST) return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  }
  return null;
}

function drawn(picture, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
}
