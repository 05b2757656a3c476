"""What tests share: an independent oracle of the rules, generated worlds, databases."""
