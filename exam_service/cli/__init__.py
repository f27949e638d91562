"""The commands of `exam-service`."""
