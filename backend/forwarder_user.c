#include "backend/forwarder_user.h"

#include <grp.h>
#include <pwd.h>
#include <stddef.h>

const char *forwarder_user_group(const char *user)
{
	const struct passwd *account = getpwnam(user);
	const struct group *group = account ? getgrgid(account->pw_gid) : NULL;

	return group && account->pw_uid != 0 ? group->gr_name : NULL;
}
