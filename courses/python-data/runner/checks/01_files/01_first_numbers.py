def check_average_of_several_numbers(lesson):
    average = lesson.function("average")
    lesson.expect(average([1, 2, 6]), 3, "average([1, 2, 6])")
    lesson.expect(average([21.5, 23.0, 20.0]), 21.5, "average([21.5, 23.0, 20.0])")


def check_average_of_one_number(lesson):
    lesson.expect(lesson.function("average")([7]), 7, "average([7])")


def check_spread(lesson):
    spread = lesson.function("spread")
    lesson.expect(spread([3, 9, 4]), 6, "spread([3, 9, 4])")
    lesson.expect(spread([-5, 5]), 10, "spread([-5, 5])")
    lesson.expect(spread([8]), 0, "spread([8])")


def check_empty_list(lesson):
    lesson.expect(lesson.function("average")([]), None, "average([])")
    lesson.expect(lesson.function("spread")([]), None, "spread([])")


def check_average_of_zeros_is_zero(lesson):
    lesson.expect(lesson.function("average")([0, 0]), 0, "average([0, 0])")
