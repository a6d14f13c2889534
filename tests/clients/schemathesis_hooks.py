"""What is no HTTP is not sent: the name of a multipart part is in a header, which holds no control
characters."""

import schemathesis


def is_sendable(name):
    return all(ord(character) > 31 and ord(character) != 127 for character in name)


@schemathesis.hook
def filter_case(context, case):
    is_multipart = case.media_type == "multipart/form-data" and isinstance(case.body, dict)
    return not is_multipart or all(is_sendable(name) for name in case.body)
