-- The group of copies that is the most central of a story, where several were compared: it gives the title.
ALTER TABLE stories ADD COLUMN centre INTEGER;
