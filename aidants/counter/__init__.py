"""The helper's desk: today, and a person's card, where several rooms meet."""
