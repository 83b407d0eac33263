import pytest
from django.db import connection

from labeling.core.models import User

pytestmark = pytest.mark.postgres


@pytest.mark.django_db(transaction=True)
def test_a_connection_the_server_closed_is_noticed_before_it_is_used(django_assert_num_queries):
    User.objects.count()
    assert connection.is_usable()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    assert not connection.is_usable()
    connection.health_check_enabled, connection.health_check_done = True, False
    connection.settings_dict["CONN_HEALTH_CHECKS"] = True
    assert User.objects.count() == 0
