"""The pages, one module per subject. They show what ``service`` answers, and hold no rule of a sync."""
