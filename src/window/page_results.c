/* Printers, outbox and log: what there is to look at. */
#include "page.h"

void window_page_printers(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	(void)request;
	window_page_show(w, reply, "printers.html", "/printers", json_pack("{s:s}", "page_title", "Printers"));
}

void window_page_outbox(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	(void)request;
	window_page_show(w, reply, "outbox.html", "/outbox", json_pack("{s:s}", "page_title", "Outbox"));
}

void window_page_log(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	(void)request;
	window_page_show(w, reply, "log.html", "/log", json_pack("{s:s}", "page_title", "Log"));
}
