"""Courses, exams and attempts: the model, the state machine, timing, papers and scoring."""
