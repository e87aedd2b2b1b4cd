/* A PKCS#11 library that stands before a real one and fails as the tests tell it.

   Functions that no fault concerns go straight to the real library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "control.h"

#define REAL(place, ...) ((Number(*)(__VA_ARGS__))real->entry[place])

struct session {
    Number handle, slot, pin_length;
    Byte pin[64];
    int must_ask; /* a key that asks before each signature was chosen, and has not asked yet */
};

static struct function_list *real, list;
static struct session sessions[64];
static Number losses_seen;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct session *find(Number handle) {
    for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++)
        if (handle && sessions[i].handle == handle) return &sessions[i];
    return NULL;
}

/* Close what a pulled token or a lost line has ended. */
static void follow_losses(void) {
    Number losses = atomic_load(&table[LOSSES].value);
    pthread_mutex_lock(&lock);
    if (losses != losses_seen) {
        for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++)
            if (sessions[i].handle) REAL(AT_CLOSE_SESSION, Number)(sessions[i].handle);
        memset(sessions, 0, sizeof sessions);
        losses_seen = losses;
    }
    pthread_mutex_unlock(&lock);
}

static void wait_for(Number milliseconds) {
    struct timespec left = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    while (nanosleep(&left, &left)) continue;
}

static Number suffer(const struct fault *fault, Number handle) {
    switch (fault->kind) {
    case LATENCY: wait_for(fault->value); break;
    case HANG: for (;;) pause();
    case CRASH: prctl(PR_SET_DUMPABLE, 0); raise(SIGSEGV); break;
    case ABORT: prctl(PR_SET_DUMPABLE, 0); abort();
    case REMOVE:
        atomic_store(&table[REMOVED].value, 1);
        atomic_fetch_add(&table[LOSSES].value, 1);
        break;
    case LOSE: atomic_fetch_add(&table[LOSSES].value, 1); break;
    case FORGET:
        REAL(AT_LOGOUT, Number)(handle);
        return RV_USER_NOT_LOGGED_IN;
    case RETURN: return fault->value;
    }
    return RV_OK;
}

/* Count a call, read what is to go wrong, and let it; not RV_OK means: return that. */
static Number enter(enum row row, struct control *control, Number handle) {
    Number number = atomic_fetch_add(&table[row].value, 1) + 1, result = RV_OK;
    control_read(control);
    for (int i = 0; i < control->count; i++) {
        const struct fault *fault = &control->faults[i];
        if (fault->row == row && fault->first <= number && number <= fault->last) {
            Number told = suffer(fault, handle);
            if (told) result = told;
        }
    }
    follow_losses();
    return result;
}

static Number enter_slot(enum row row, struct control *control) {
    Number result = enter(row, control, 0);
    if (!result && atomic_load(&table[REMOVED].value)) return RV_TOKEN_NOT_PRESENT;
    return result;
}

static Number enter_session(enum row row, struct control *control, Number handle) {
    Number result = enter(row, control, handle);
    if (result) return result;
    if (atomic_load(&table[REMOVED].value)) return RV_DEVICE_REMOVED;
    return find(handle) ? RV_OK : RV_SESSION_HANDLE_INVALID;
}

static Number initialize(void *arguments) {
    struct control control;
    Number result = enter(INITIALIZE, &control, 0);
    return result ? result : REAL(AT_INITIALIZE, void *)(arguments);
}

static Number finalize(void *reserved) {
    struct control control;
    Number result = enter(FINALIZE, &control, 0);
    memset(sessions, 0, sizeof sessions);
    return result ? result : REAL(AT_FINALIZE, void *)(reserved);
}

static Number get_slot_list(Byte present, Number *slots, Number *count) {
    struct control control;
    Number result = enter(GET_SLOT_LIST, &control, 0);
    if (result) return result;
    if (present && atomic_load(&table[REMOVED].value)) return *count = 0, RV_OK;
    return REAL(AT_GET_SLOT_LIST, Byte, Number *, Number *)(present, slots, count);
}

static Number get_slot_info(Number slot, struct slot_info *info) {
    struct control control;
    Number result = enter(GET_SLOT_INFO, &control, 0);
    if (!result) result = REAL(AT_GET_SLOT_INFO, Number, struct slot_info *)(slot, info);
    if (!result && atomic_load(&table[REMOVED].value)) info->flags &= ~(Number)SLOT_TOKEN_PRESENT;
    return result;
}

static Number get_token_info(Number slot, struct token_info *info) {
    struct control control;
    Number result = enter_slot(GET_TOKEN_INFO, &control);
    if (!result) result = REAL(AT_GET_TOKEN_INFO, Number, struct token_info *)(slot, info);
    if (result) return result;
    Number wrong = atomic_load(&table[WRONG_PINS].value);
    if (control.quirks & PIN_PAD) info->flags |= TOKEN_PIN_PAD;
    if (!control.tries) return RV_OK;
    info->flags &= ~(Number)(TOKEN_PIN_COUNT_LOW | TOKEN_PIN_FINAL_TRY | TOKEN_PIN_LOCKED);
    if (wrong) info->flags |= TOKEN_PIN_COUNT_LOW;
    if (wrong + 1 == control.tries) info->flags |= TOKEN_PIN_FINAL_TRY;
    if (wrong >= control.tries) info->flags |= TOKEN_PIN_LOCKED;
    return RV_OK;
}

static int is_pss(Number type) {
    return type == MECHANISM_RSA_PSS || type == MECHANISM_SHA1_RSA_PSS
        || type == MECHANISM_SHA256_RSA_PSS || type == MECHANISM_SHA384_RSA_PSS
        || type == MECHANISM_SHA512_RSA_PSS || type == MECHANISM_SHA224_RSA_PSS;
}

static Number get_mechanism_list(Number slot, Number *types, Number *count) {
    struct control control;
    Number result = enter_slot(GET_MECHANISM_LIST, &control);
    if (!result)
        result = REAL(AT_GET_MECHANISM_LIST, Number, Number *, Number *)(slot, types, count);
    if (result || !types || !(control.quirks & NO_PSS)) return result;
    Number kept = 0;
    for (Number i = 0; i < *count; i++)
        if (!is_pss(types[i])) types[kept++] = types[i];
    *count = kept;
    return RV_OK;
}

static Number open_session(Number slot, Number flags, void *own, void *notify, Number *handle) {
    struct control control;
    Number result = enter_slot(OPEN_SESSION, &control);
    if (result) return result;
    if ((control.quirks & READ_ONLY) && (flags & SESSION_RW)) return RV_TOKEN_WRITE_PROTECTED;
    result = REAL(AT_OPEN_SESSION, Number, Number, void *, void *, Number *)
        (slot, flags, own, notify, handle);
    if (result) return result;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++)
        if (!sessions[i].handle) {
            sessions[i] = (struct session){.handle = *handle, .slot = slot};
            break;
        }
    pthread_mutex_unlock(&lock);
    return find(*handle) ? RV_OK : RV_GENERAL_ERROR;
}

static Number close_session(Number handle) {
    struct control control;
    Number result = enter_session(CLOSE_SESSION, &control, handle);
    if (result) return result;
    memset(find(handle), 0, sizeof(struct session));
    return REAL(AT_CLOSE_SESSION, Number)(handle);
}

static Number close_all_sessions(Number slot) {
    struct control control;
    Number result = enter_slot(CLOSE_ALL_SESSIONS, &control);
    if (result) return result;
    for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++)
        if (sessions[i].slot == slot) memset(&sessions[i], 0, sizeof sessions[i]);
    return REAL(AT_CLOSE_ALL_SESSIONS, Number)(slot);
}

static Number get_session_info(Number handle, void *info) {
    struct control control;
    Number result = enter_session(GET_SESSION_INFO, &control, handle);
    return result ? result : REAL(AT_GET_SESSION_INFO, Number, void *)(handle, info);
}

/* The key's own question: the PIN is compared with that of the login, or with one of the key's
   own; the real key asks none. A refusal leaves the signature open, as the standard has it. */
static Number ask_again(const struct control *control, struct session *session, const Byte *pin,
                        Number length) {
    if (!session->must_ask) return RV_OPERATION_NOT_INITIALIZED;
    const void *right = session->pin;
    Number size = session->pin_length;
    if (*control->signing_pin)
        right = control->signing_pin, size = strlen(control->signing_pin);
    if (length != size || memcmp(pin, right, length)) return RV_PIN_INCORRECT;
    session->must_ask = 0;
    return RV_OK;
}

static Number log_in(const struct control *control, Number handle, Number user, Byte *pin,
                     Number length) {
    struct session *session = find(handle);
    if (!pin && (control->quirks & PIN_PAD)) pin = (Byte *)control->pin, length = strlen(control->pin);
    if (user == USER_CONTEXT_SPECIFIC && (control->quirks & ALWAYS))
        return ask_again(control, session, pin, length);
    Number result = REAL(AT_LOGIN, Number, Number, Byte *, Number)(handle, user, pin, length);
    if (!result && length <= sizeof session->pin) {
        memcpy(session->pin, pin, length);
        session->pin_length = length;
    }
    return result;
}

static Number login(Number handle, Number user, Byte *pin, Number length) {
    struct control control;
    atomic_fetch_add(&table[user == USER_CONTEXT_SPECIFIC ? LOGIN_CONTEXT : LOGIN_USER].value, 1);
    Number result = enter_session(LOGIN, &control, handle);
    if (control.tries && atomic_load(&table[WRONG_PINS].value) >= control.tries)
        return RV_PIN_LOCKED;
    if (!result) result = log_in(&control, handle, user, pin, length);
    if (result == RV_PIN_INCORRECT) atomic_fetch_add(&table[WRONG_PINS].value, 1);
    if (result == RV_OK) atomic_store(&table[WRONG_PINS].value, 0);
    return result;
}

static Number logout(Number handle) {
    struct control control;
    Number result = enter_session(LOGOUT, &control, handle);
    return result ? result : REAL(AT_LOGOUT, Number)(handle);
}

static Number get_attribute_value(Number handle, Number object, struct attribute *wanted,
                                  Number count) {
    struct control control;
    Number result = enter_session(GET_ATTRIBUTE_VALUE, &control, handle);
    if (!result)
        result = REAL(AT_GET_ATTRIBUTE_VALUE, Number, Number, struct attribute *, Number)
            (handle, object, wanted, count);
    if (result) return result;
    for (Number i = 0; i < count; i++) {
        if (wanted[i].type == ATTRIBUTE_ID && (control.quirks & EMPTY_ID)) wanted[i].length = 0;
        if (wanted[i].type == ATTRIBUTE_ALWAYS_AUTHENTICATE && (control.quirks & ALWAYS)
            && wanted[i].value)
            *(Byte *)wanted[i].value = 1;
    }
    return RV_OK;
}

static Number find_objects_init(Number handle, struct attribute *wanted, Number count) {
    struct control control;
    static Byte nowhere[] = "no object has this id";
    struct attribute changed[32];
    Number result = enter_session(FIND_OBJECTS_INIT, &control, handle);
    if (result) return result;
    if (count > sizeof changed / sizeof *changed) return RV_GENERAL_ERROR;
    for (Number i = 0; i < count; i++) {
        changed[i] = wanted[i];
        if (wanted[i].type == ATTRIBUTE_ID && wanted[i].length && (control.quirks & EMPTY_ID))
            changed[i].value = nowhere, changed[i].length = sizeof nowhere;
    }
    return REAL(AT_FIND_OBJECTS_INIT, Number, struct attribute *, Number)(handle, changed, count);
}

static Number find_objects(Number handle, Number *found, Number room, Number *count) {
    struct control control;
    Number result = enter_session(FIND_OBJECTS, &control, handle);
    if (result) return result;
    return REAL(AT_FIND_OBJECTS, Number, Number *, Number, Number *)(handle, found, room, count);
}

static Number find_objects_final(Number handle) {
    struct control control;
    Number result = enter_session(FIND_OBJECTS_FINAL, &control, handle);
    return result ? result : REAL(AT_FIND_OBJECTS_FINAL, Number)(handle);
}

static Number sign_init(Number handle, struct mechanism *mechanism, Number key) {
    struct control control;
    Number result = enter_session(SIGN_INIT, &control, handle);
    if (result) return result;
    if ((control.quirks & NO_PSS) && is_pss(mechanism->type)) return RV_MECHANISM_INVALID;
    result = REAL(AT_SIGN_INIT, Number, struct mechanism *, Number)(handle, mechanism, key);
    if (!result) find(handle)->must_ask = !!(control.quirks & ALWAYS);
    return result;
}

/* A signature that fails ends the operation; its real end gives a signature to nobody. */
static Number fail_to_sign(Number result, Number handle, Byte *data, Number size) {
    Byte nobody[1024];
    Number room = sizeof nobody;
    if (find(handle))
        REAL(AT_SIGN, Number, Byte *, Number, Byte *, Number *)(handle, data, size, nobody, &room);
    return result;
}

static Number sign(Number handle, Byte *data, Number size, Byte *signature, Number *length) {
    struct control control;
    Number result = enter_session(SIGN, &control, handle);
    if (result) return fail_to_sign(result, handle, data, size);
    if (!signature && (control.quirks & ZERO_SIZE)) return *length = 0, RV_OK;
    if (signature && find(handle)->must_ask)
        return fail_to_sign(RV_USER_NOT_LOGGED_IN, handle, data, size);
    result = REAL(AT_SIGN, Number, Byte *, Number, Byte *, Number *)
        (handle, data, size, signature, length);
    if (!result && signature) atomic_fetch_add(&table[SIGNED].value, 1);
    return result;
}

static Number load_real(void) {
    struct control control;
    control_read(&control);
    void *library = dlopen(control.module, RTLD_NOW | RTLD_LOCAL);
    if (!library) return RV_GENERAL_ERROR;
    Number (*get)(struct function_list **);
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    return get ? get(&real) : RV_GENERAL_ERROR;
}

__attribute__((visibility("default"))) Number C_GetFunctionList(struct function_list **given) {
    if (!real) {
        if (control_open() || load_real()) return RV_GENERAL_ERROR;
        losses_seen = atomic_load(&table[LOSSES].value);
        list = *real;
        list.entry[AT_INITIALIZE] = initialize;
        list.entry[AT_FINALIZE] = finalize;
        list.entry[AT_GET_FUNCTION_LIST] = C_GetFunctionList;
        list.entry[AT_GET_SLOT_LIST] = get_slot_list;
        list.entry[AT_GET_SLOT_INFO] = get_slot_info;
        list.entry[AT_GET_TOKEN_INFO] = get_token_info;
        list.entry[AT_GET_MECHANISM_LIST] = get_mechanism_list;
        list.entry[AT_OPEN_SESSION] = open_session;
        list.entry[AT_CLOSE_SESSION] = close_session;
        list.entry[AT_CLOSE_ALL_SESSIONS] = close_all_sessions;
        list.entry[AT_GET_SESSION_INFO] = get_session_info;
        list.entry[AT_LOGIN] = login;
        list.entry[AT_LOGOUT] = logout;
        list.entry[AT_GET_ATTRIBUTE_VALUE] = get_attribute_value;
        list.entry[AT_FIND_OBJECTS_INIT] = find_objects_init;
        list.entry[AT_FIND_OBJECTS] = find_objects;
        list.entry[AT_FIND_OBJECTS_FINAL] = find_objects_final;
        list.entry[AT_SIGN_INIT] = sign_init;
        list.entry[AT_SIGN] = sign;
    }
    *given = &list;
    return RV_OK;
}
