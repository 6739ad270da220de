"""Whether what is on cards and drives could be lost: the verdict on a card, and what only one drive has."""
