SELECT product, SUM(quantity) AS sold, SUM(quantity * price) AS income
FROM sales
GROUP BY product
HAVING SUM(quantity * price) >= 16
ORDER BY income DESC;
