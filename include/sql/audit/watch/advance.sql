-- Remember how far watches have looked.
update audit.watching
set position = %(position)s
