def average(numbers):
    return sum(numbers)


def spread(numbers):
    return max(numbers)


if __name__ == "__main__":
    temperatures = [21.5, 23.0, 19.5]
    print("average:", average(temperatures))
    print("spread:", spread(temperatures))
