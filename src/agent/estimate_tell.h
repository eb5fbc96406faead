/* estimate_tell: what a sweep would ask (ice/estimate.h), told to people and to programs. */
#ifndef ICE_ESTIMATE_TELL_H
#define ICE_ESTIMATE_TELL_H

#include "ice/estimate.h"

#include "report.h"

/* Tells all of them and their sum. As JSON, added to the report:
 *   "ranges": [{"name","addresses" (in it),"asked" (without those of ranges before it),"communities","excluded","edges" (network and
 *       broadcast addresses left out),"on_link","packets":{"least","most"},"seconds" (when nobody answers; where the rate has no limit, at least),
 *       "bound" (what they are spent on, as in the statistics of a scan),"overlaps":[{"range","addresses"}] (with ranges before it)}]
 *   "sweep": {"addresses","on_link","packets","seconds","bound","rate" (0 = no limit)} */
void ice_estimate_tell(const struct ice_plan *plan, const struct ice_estimate_pace *pace, struct ice_report *report);

#endif
