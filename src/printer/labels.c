#include "labels.h"

struct label {
	int n;
	const char *name;
};

#define LABELS_COUNT(t) (sizeof(t) / sizeof((t)[0]))

/* The tables are sorted by number. */
static const char *labels_find(const struct label *table, size_t count, int64_t n)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (table[middle].n == n)
			return table[middle].name;
		if (table[middle].n < n)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const struct label labels_supply_type[] = {
        {1, "other"},
        {2, "unknown"},
        {3, "toner"},
        {4, "wasteToner"},
        {5, "ink"},
        {6, "inkCartridge"},
        {7, "inkRibbon"},
        {8, "wasteInk"},
        {9, "opc"},
        {10, "developer"},
        {11, "fuserOil"},
        {12, "solidWax"},
        {13, "ribbonWax"},
        {14, "wasteWax"},
        {15, "fuser"},
        {16, "coronaWire"},
        {17, "fuserOilWick"},
        {18, "cleanerUnit"},
        {19, "fuserCleaningPad"},
        {20, "transferUnit"},
        {21, "tonerCartridge"},
        {22, "fuserOiler"},
        {23, "water"},
        {24, "wasteWater"},
        {25, "glueWaterAdditive"},
        {26, "wastePaper"},
        {27, "bindingSupply"},
        {28, "bandingSupply"},
        {29, "stitchingWire"},
        {30, "shrinkWrap"},
        {31, "paperWrap"},
        {32, "staples"},
        {33, "inserts"},
        {34, "covers"},
        {35, "matteToner"},
        {36, "matteInk"},
};

const char *ice_label_supply_type(int64_t n)
{
	return labels_find(labels_supply_type, LABELS_COUNT(labels_supply_type), n);
}

/* The MIB itself spells "hundrethsOfFluidOunces". */
static const struct label labels_supply_unit[] = {
        {1, "other"},
        {2, "unknown"},
        {3, "tenThousandthsOfInches"},
        {4, "micrometers"},
        {7, "impressions"},
        {8, "sheets"},
        {11, "hours"},
        {12, "thousandthsOfOunces"},
        {13, "tenthsOfGrams"},
        {14, "hundrethsOfFluidOunces"},
        {15, "tenthsOfMilliliters"},
        {16, "feet"},
        {17, "meters"},
        {18, "items"},
        {19, "percent"},
};

const char *ice_label_supply_unit(int64_t n)
{
	return labels_find(labels_supply_unit, LABELS_COUNT(labels_supply_unit), n);
}

const char *ice_label_supply_class(int64_t n)
{
	return n == 3 ? "consumed" : n == 4 ? "filled" : NULL;
}

static const struct label labels_counter_unit[] = {
        {3, "tenThousandthsOfInches"},
        {4, "micrometers"},
        {7, "impressions"},
        {8, "sheets"},
        {11, "hours"},
        {16, "feet"},
        {17, "meters"},
};

const char *ice_label_counter_unit(int64_t n)
{
	return labels_find(labels_counter_unit, LABELS_COUNT(labels_counter_unit), n);
}

static const struct label labels_alert_severity[] = {
        {1, "other"},
        {3, "critical"},
        {4, "warning"},
        {5, "warningBinaryChangeEvent"},
};

const char *ice_label_alert_severity(int64_t n)
{
	return labels_find(labels_alert_severity, LABELS_COUNT(labels_alert_severity), n);
}

static const struct label labels_alert_training[] = {
        {1, "other"},
        {2, "unknown"},
        {3, "untrained"},
        {4, "trained"},
        {5, "fieldService"},
        {6, "management"},
        {7, "noInterventionRequired"},
};

const char *ice_label_alert_training(int64_t n)
{
	return labels_find(labels_alert_training, LABELS_COUNT(labels_alert_training), n);
}

/* 30 to 33 are the Finisher MIB's (RFC 3806), those from 50 on the MFD Alerts' (PWG 5107.3). */
static const struct label labels_alert_group[] = {
        {1, "other"},
        {2, "unknown"},
        {3, "hostResourcesMIBStorageTable"},
        {4, "hostResourcesMIBDeviceTable"},
        {5, "generalPrinter"},
        {6, "cover"},
        {7, "localization"},
        {8, "input"},
        {9, "output"},
        {10, "marker"},
        {11, "markerSupplies"},
        {12, "markerColorant"},
        {13, "mediaPath"},
        {14, "channel"},
        {15, "interpreter"},
        {16, "consoleDisplayBuffer"},
        {17, "consoleLights"},
        {18, "alert"},
        {30, "finDevice"},
        {31, "finSupply"},
        {32, "finSupplyMediaInput"},
        {33, "finAttribute"},
        {50, "scanDevice"},
        {51, "scanner"},
        {52, "scanMediaPath"},
        {60, "faxDevice"},
        {61, "faxModem"},
        {70, "outputChannel"},
};

const char *ice_label_alert_group(int64_t n)
{
	return labels_find(labels_alert_group, LABELS_COUNT(labels_alert_group), n);
}

static const struct label labels_alert_code[] = {
        {1, "other"},
        {2, "unknown"},
        {3, "coverOpen"},
        {4, "coverClosed"},
        {5, "interlockOpen"},
        {6, "interlockClosed"},
        {7, "configurationChange"},
        {8, "jam"},
        {9, "subunitMissing"},
        {10, "subunitLifeAlmostOver"},
        {11, "subunitLifeOver"},
        {12, "subunitAlmostEmpty"},
        {13, "subunitEmpty"},
        {14, "subunitAlmostFull"},
        {15, "subunitFull"},
        {16, "subunitNearLimit"},
        {17, "subunitAtLimit"},
        {18, "subunitOpened"},
        {19, "subunitClosed"},
        {20, "subunitTurnedOn"},
        {21, "subunitTurnedOff"},
        {22, "subunitOffline"},
        {23, "subunitPowerSaver"},
        {24, "subunitWarmingUp"},
        {25, "subunitAdded"},
        {26, "subunitRemoved"},
        {27, "subunitResourceAdded"},
        {28, "subunitResourceRemoved"},
        {29, "subunitRecoverableFailure"},
        {30, "subunitUnrecoverableFailure"},
        {31, "subunitRecoverableStorageError"},
        {32, "subunitUnrecoverableStorageError"},
        {33, "subunitMotorFailure"},
        {34, "subunitMemoryExhausted"},
        {35, "subunitUnderTemperature"},
        {36, "subunitOverTemperature"},
        {37, "subunitTimingFailure"},
        {38, "subunitThermistorFailure"},
        {501, "doorOpen"},
        {502, "doorClosed"},
        {503, "powerUp"},
        {504, "powerDown"},
        {505, "printerNMSReset"},
        {506, "printerManualReset"},
        {507, "printerReadyToPrint"},
        {801, "inputMediaTrayMissing"},
        {802, "inputMediaSizeChange"},
        {803, "inputMediaWeightChange"},
        {804, "inputMediaTypeChange"},
        {805, "inputMediaColorChange"},
        {806, "inputMediaFormPartsChange"},
        {807, "inputMediaSupplyLow"},
        {808, "inputMediaSupplyEmpty"},
        {809, "inputMediaChangeRequest"},
        {810, "inputManualInputRequest"},
        {811, "inputTrayPositionFailure"},
        {812, "inputTrayElevationFailure"},
        {813, "inputCannotFeedSizeSelected"},
        {814, "inputMediaTrayFeedError"},
        {815, "inputMediaTrayJam"},
        {816, "inputMediaTrayFailure"},
        {817, "inputMediaTrayPickRollerLifeWarn"},
        {818, "inputMediaTrayPickRollerLifeOver"},
        {819, "inputMediaTrayPickRollerFailure"},
        {820, "inputMediaTrayPickRollerMissing"},
        {901, "outputMediaTrayMissing"},
        {902, "outputMediaTrayAlmostFull"},
        {903, "outputMediaTrayFull"},
        {904, "outputMailboxSelectFailure"},
        {905, "outputMediaTrayFeedError"},
        {906, "outputMediaTrayJam"},
        {907, "outputMediaTrayFailure"},
        {1001, "markerFuserUnderTemperature"},
        {1002, "markerFuserOverTemperature"},
        {1003, "markerFuserTimingFailure"},
        {1004, "markerFuserThermistorFailure"},
        {1005, "markerAdjustingPrintQuality"},
        {1101, "markerTonerEmpty"},
        {1102, "markerInkEmpty"},
        {1103, "markerPrintRibbonEmpty"},
        {1104, "markerTonerAlmostEmpty"},
        {1105, "markerInkAlmostEmpty"},
        {1106, "markerPrintRibbonAlmostEmpty"},
        {1107, "markerWasteTonerReceptacleAlmostFull"},
        {1108, "markerWasteInkReceptacleAlmostFull"},
        {1109, "markerWasteTonerReceptacleFull"},
        {1110, "markerWasteInkReceptacleFull"},
        {1111, "markerOpcLifeAlmostOver"},
        {1112, "markerOpcLifeOver"},
        {1113, "markerDeveloperAlmostEmpty"},
        {1114, "markerDeveloperEmpty"},
        {1115, "markerTonerCartridgeMissing"},
        {1116, "markerCleanerMissing"},
        {1117, "markerDeveloperMissing"},
        {1118, "markerFuserMissing"},
        {1119, "markerInkMissing"},
        {1120, "markerOpcMissing"},
        {1121, "markerPrintRibbonMissing"},
        {1122, "markerSupplyAlmostEmpty"},
        {1123, "markerSupplyEmpty"},
        {1124, "markerSupplyMissing"},
        {1125, "markerWasteAlmostFull"},
        {1126, "markerWasteFull"},
        {1127, "markerWasteMissing"},
        {1128, "markerWasteInkReceptacleMissing"},
        {1129, "markerWasteTonerReceptacleMissing"},
        {1130, "markerTonerMissing"},
        {1301, "mediaPathMediaTrayMissing"},
        {1302, "mediaPathMediaTrayAlmostFull"},
        {1303, "mediaPathMediaTrayFull"},
        {1304, "mediaPathCannotDuplexMediaSelected"},
        {1305, "mediaPathFailure"},
        {1306, "mediaPathJam"},
        {1310, "mediaPathInputRequest"},
        {1311, "mediaPathInputFeedError"},
        {1312, "mediaPathInputJam"},
        {1321, "mediaPathOutputFeedError"},
        {1322, "mediaPathOutputJam"},
        {1323, "mediaPathOutputFull"},
        {1331, "mediaPathPickRollerLifeWarn"},
        {1332, "mediaPathPickRollerLifeOver"},
        {1333, "mediaPathPickRollerFailure"},
        {1334, "mediaPathPickRollerMissing"},
        {1501, "interpreterMemoryIncrease"},
        {1502, "interpreterMemoryDecrease"},
        {1503, "interpreterCartridgeAdded"},
        {1504, "interpreterCartridgeDeleted"},
        {1505, "interpreterResourceAdded"},
        {1506, "interpreterResourceDeleted"},
        {1507, "interpreterResourceUnavailable"},
        {1509, "interpreterComplexPageEncountered"},
        {1801, "alertRemovalOfBinaryChangeEntry"},
        {5101, "scannerLightLifeAlmostOver"},
        {5102, "scannerLightLifeOver"},
        {5103, "scannerLightFailure"},
        {5104, "scannerLightMissing"},
        {5111, "scannerSensorLifeAlmostOver"},
        {5112, "scannerSensorLifeOver"},
        {5113, "scannerSensorFailure"},
        {5114, "scannerSensorMissing"},
        {5201, "scanMediaPathTrayMissing"},
        {5202, "scanMediaPathTrayAlmostFull"},
        {5203, "scanMediaPathTrayFull"},
        {5205, "scanMediaPathFailure"},
        {5206, "scanMediaPathJam"},
        {5210, "scanMediaPathInputRequest"},
        {5211, "scanMediaPathInputFeedError"},
        {5212, "scanMediaPathInputJam"},
        {5221, "scanMediaPathOutputFeedError"},
        {5222, "scanMediaPathOutputJam"},
        {5223, "scanMediaPathOutputFull"},
        {5231, "scanMediaPathPickRollerLifeWarn"},
        {5232, "scanMediaPathPickRollerLifeOver"},
        {5233, "scanMediaPathPickRollerFailure"},
        {5234, "scanMediaPathPickRollerMissing"},
        {6101, "faxModemMissing"},
        {6102, "faxModemLifeAlmostOver"},
        {6103, "faxModemLifeOver"},
        {6104, "faxModemTurnedOn"},
        {6105, "faxModemTurnedOff"},
};

const char *ice_label_alert_code(int64_t n)
{
	return labels_find(labels_alert_code, LABELS_COUNT(labels_alert_code), n);
}

static const struct label labels_device_status[] = {
        {1, "unknown"}, {2, "running"}, {3, "warning"}, {4, "testing"}, {5, "down"},
};

const char *ice_label_device_status(int64_t n)
{
	return labels_find(labels_device_status, LABELS_COUNT(labels_device_status), n);
}

const char *ice_label_printer_status(int64_t n)
{
	static const struct label table[] = {{3, "idle"}, {4, "printing"}, {5, "warmup"}};
	return labels_find(table, LABELS_COUNT(table), n);
}

const char *ice_label_error_bit(unsigned bit)
{
	static const char *const table[ICE_LABEL_ERROR_BITS] = {
	        "lowPaper",
	        "noPaper",
	        "lowToner",
	        "noToner",
	        "doorOpen",
	        "jammed",
	        "offline",
	        "serviceRequested",
	        "inputTrayMissing",
	        "outputTrayMissing",
	        "markerSupplyMissing",
	        "outputNearFull",
	        "outputFull",
	        "inputTrayEmpty",
	        "overduePreventMaint",
	};
	return bit < ICE_LABEL_ERROR_BITS ? table[bit] : NULL;
}
