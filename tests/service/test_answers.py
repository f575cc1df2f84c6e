"""Answers of an app, kept until they are taken."""

from contextlib import closing

from bothways.service.answers import Answer, Answers


def test_answers_are_taken_once_and_the_later_one_counts() -> None:
    with closing(Answers()) as answers:
        answers.keep({"a": Answer({"name": "Ann", "age": 2**80}), "b": Answer(problem="is gone")})
        answers.keep({"a": Answer({"name": "Anna", "tags": ("x", {"y": None})})})
        assert len(answers) == 2
        assert answers.take(["a", "c"]) == {"a": Answer({"name": "Anna", "tags": ("x", {"y": None})})}
        assert answers.take(["a"]) == {}
        assert len(answers) == 1


def test_more_ids_than_one_question_can_hold_are_answered() -> None:
    with closing(Answers()) as answers:
        told = {str(number): Answer({"number": number}) for number in range(2000)}
        answers.keep(told)
        assert answers.take(list(told)) == told
        assert len(answers) == 0
