"""Tell the forge: comment, check run, job summary, outputs. What is said comes from report/."""
