/* The few types and numbers of PKCS#11 v2.40 that the shim needs, in its own words (Linux only). */
#ifndef CRYPTOKI_H
#define CRYPTOKI_H

typedef unsigned long Number; /* CK_ULONG, CK_RV, handles, flags, types */
typedef unsigned char Byte;

struct version { Byte major, minor; };

enum { FUNCTIONS = 68 }; /* how many functions a list of version 2.40 holds */

struct function_list {
    struct version version;
    void *entry[FUNCTIONS];
};

/* Where each function that we wrap stands in the list. */
enum {
    AT_INITIALIZE = 0, AT_FINALIZE = 1, AT_GET_FUNCTION_LIST = 3, AT_GET_SLOT_LIST = 4,
    AT_GET_SLOT_INFO = 5, AT_GET_TOKEN_INFO = 6, AT_GET_MECHANISM_LIST = 7, AT_OPEN_SESSION = 12,
    AT_CLOSE_SESSION = 13, AT_CLOSE_ALL_SESSIONS = 14, AT_GET_SESSION_INFO = 15, AT_LOGIN = 18,
    AT_LOGOUT = 19, AT_GET_ATTRIBUTE_VALUE = 24, AT_FIND_OBJECTS_INIT = 26, AT_FIND_OBJECTS = 27,
    AT_FIND_OBJECTS_FINAL = 28, AT_SIGN_INIT = 42, AT_SIGN = 43,
};

struct slot_info {
    Byte description[64], manufacturer[32];
    Number flags;
    struct version hardware, firmware;
};

struct token_info {
    Byte label[32], manufacturer[32], model[16], serial[16];
    Number flags;
    Number max_sessions, sessions, max_rw_sessions, rw_sessions, max_pin, min_pin;
    Number public_memory, free_public_memory, private_memory, free_private_memory;
    struct version hardware, firmware;
    Byte time[16];
};

struct attribute { Number type; void *value; Number length; };
struct mechanism { Number type; void *parameter; Number length; };

enum {
    RV_OK = 0x0, RV_GENERAL_ERROR = 0x5, RV_DEVICE_REMOVED = 0x32,
    RV_MECHANISM_INVALID = 0x70, RV_OPERATION_NOT_INITIALIZED = 0x91, RV_PIN_INCORRECT = 0xA0,
    RV_PIN_LOCKED = 0xA4, RV_SESSION_HANDLE_INVALID = 0xB3, RV_TOKEN_NOT_PRESENT = 0xE0,
    RV_TOKEN_WRITE_PROTECTED = 0xE2, RV_USER_NOT_LOGGED_IN = 0x101,
};

enum {
    SLOT_TOKEN_PRESENT = 0x1, SESSION_RW = 0x2, TOKEN_PIN_PAD = 0x100,
    TOKEN_PIN_COUNT_LOW = 0x10000, TOKEN_PIN_FINAL_TRY = 0x20000, TOKEN_PIN_LOCKED = 0x40000,
};

enum { USER_CONTEXT_SPECIFIC = 2 };
enum { ATTRIBUTE_ID = 0x102, ATTRIBUTE_ALWAYS_AUTHENTICATE = 0x202 };
enum {
    MECHANISM_RSA_PSS = 0xD, MECHANISM_SHA1_RSA_PSS = 0xE, MECHANISM_SHA256_RSA_PSS = 0x43,
    MECHANISM_SHA384_RSA_PSS = 0x44, MECHANISM_SHA512_RSA_PSS = 0x45,
    MECHANISM_SHA224_RSA_PSS = 0x47,
};

#endif
