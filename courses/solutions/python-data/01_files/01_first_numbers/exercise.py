def average(numbers):
    if not numbers:
        return None
    return sum(numbers) / len(numbers)


def spread(numbers):
    if not numbers:
        return None
    return max(numbers) - min(numbers)


if __name__ == "__main__":
    temperatures = [21.5, 23.0, 19.5]
    print("average:", average(temperatures))
    print("spread:", spread(temperatures))
