-- So that what follows is planned for as many rows as there are. O(a sample).
analyze incoming_contacts
