/* What the tests tell the shim, and what the shim tells the tests.

   Both lie beside the library: `faults`, a text read anew at each call, and `calls`, a table of
   named numbers that all processes share and that survives their deaths. */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdatomic.h>

#include "cryptoki.h"

/* The rows of the table, in the order of COUNTERS in shim.py. */
enum row {
    INITIALIZE, FINALIZE, GET_SLOT_LIST, GET_SLOT_INFO, GET_TOKEN_INFO, GET_MECHANISM_LIST,
    OPEN_SESSION, CLOSE_SESSION, CLOSE_ALL_SESSIONS, GET_SESSION_INFO, LOGIN, LOGOUT,
    GET_ATTRIBUTE_VALUE, FIND_OBJECTS_INIT, FIND_OBJECTS, FIND_OBJECTS_FINAL, SIGN_INIT, SIGN,
    LOGIN_USER, LOGIN_CONTEXT, SIGNED, WRONG_PINS, REMOVED, LOSSES, ROWS
};

struct counter { char name[24]; _Atomic Number value; };
extern struct counter *table;

enum quirk {
    ZERO_SIZE = 1, READ_ONLY = 2, NO_PSS = 4, ALWAYS = 8, PIN_PAD = 16, EMPTY_ID = 32,
};

enum kind { LATENCY = 1, HANG, CRASH, ABORT, REMOVE, LOSE, FORGET, RETURN };

/* From call number `first` to `last` of a function; `value` is milliseconds or a return value. */
struct fault { enum kind kind; enum row row; Number first, last, value; };

struct control {
    char module[1024], pin[64], signing_pin[64];
    unsigned quirks;
    Number tries;
    struct fault faults[64];
    int count;
};

/* Map the table and find the control file; 0 when all is in place. */
int control_open(void);
/* Read the control file; a missing or strange one ends the process: tests must see that. */
void control_read(struct control *control);

#endif
