-- The title and the year of all books since 1940 with no more than 300 pages,
-- the newest first.

SELECT *
FROM books;
