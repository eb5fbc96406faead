#include <langinfo.h>
#include <stdbool.h>
#include <string.h>

#include "ice/text.h"

void ice_text_tell(const char *s, FILE *to)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	while (*s) {
		char one[5] = {*s++};
		bool ascii = (*one & 0x80) == 0;
		for (size_t n = 1; !ascii && n < 4 && (*s & 0xc0) == 0x80; n++)
			one[n] = *s++;
		bool good = *one == ' ' || ((ascii || utf8) && ice_text_is_clean(one));
		fputs(good ? one : "?", to);
	}
}
