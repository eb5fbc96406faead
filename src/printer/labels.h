/* labels: the names of the numbers printers speak in, as the textual conventions spell them (RFC 2790, RFC 3805,
 * IANA-PRINTER-MIB). NULL for a number without a name. */
#ifndef ICE_PRINTER_LABELS_H
#define ICE_PRINTER_LABELS_H

#include <stddef.h>
#include <stdint.h>

const char *ice_label_supply_type(int64_t n);    /* PrtMarkerSuppliesTypeTC */
const char *ice_label_supply_unit(int64_t n);    /* PrtMarkerSuppliesSupplyUnitTC */
const char *ice_label_supply_class(int64_t n);   /* PrtMarkerSuppliesClassTC, as "consumed" and "filled" */
const char *ice_label_counter_unit(int64_t n);   /* PrtMarkerCounterUnitTC */
const char *ice_label_alert_severity(int64_t n); /* PrtAlertSeverityLevelTC */
const char *ice_label_alert_training(int64_t n); /* PrtAlertTrainingLevelTC */
const char *ice_label_alert_group(int64_t n);    /* PrtAlertGroupTC */
const char *ice_label_alert_code(int64_t n);     /* PrtAlertCodeTC */
const char *ice_label_device_status(int64_t n);  /* hrDeviceStatus */
const char *
ice_label_printer_status(int64_t n);           /* hrPrinterStatus: idle, printing, warmup; NULL for other and unknown */
const char *ice_label_error_bit(unsigned bit); /* hrPrinterDetectedErrorState, bit 0 = the first octet's highest */

#define ICE_LABEL_ERROR_BITS 15

#endif
