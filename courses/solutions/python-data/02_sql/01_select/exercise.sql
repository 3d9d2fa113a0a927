SELECT title, year
FROM books
WHERE year >= 1940 AND pages <= 300
ORDER BY year DESC;
