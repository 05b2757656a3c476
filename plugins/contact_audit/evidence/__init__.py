"""Evidence: what was read, cleaned: states of contacts, journal entries, values as small integers. Knows no database."""
