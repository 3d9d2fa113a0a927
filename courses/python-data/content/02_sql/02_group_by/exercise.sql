-- For each product: how many pieces were sold, and how much money that made.

SELECT product, quantity AS sold, quantity * price AS income
FROM sales
ORDER BY product;
