#ifndef PORTCULLIS_NFT_WALK_GRAMMAR_H
#define PORTCULLIS_NFT_WALK_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the privileged side lets through, as a grammar: each message type with its attributes, down to the last number. */

enum nft_value {
	NFT_VALUE_WORD, /**< exactly the text, with its NUL */
	NFT_VALUE_NAME, /**< lo to hi bytes and a NUL at the end, none before */
	NFT_VALUE_U8,
	NFT_VALUE_U32, /**< big-endian, lo to hi, no bit outside mask */
	NFT_VALUE_U64,
	NFT_VALUE_BYTES, /**< lo to hi bytes, whatever they are */
	NFT_VALUE_NEST, /**< attributes of its own, each once at most */
	NFT_VALUE_LIST, /**< up to hi attributes that are all as inner[0], whatever number they have */
	NFT_VALUE_EXPRESSION /**< a name and what belongs to it */
};

#define NFT_BASE_PARTS 3
/** What the walk remembers of an attribute. */
enum nft_keep {
	NFT_KEEP_NOT,
	NFT_KEEP_SET, /**< name of the set that is made */
	NFT_KEEP_FIELD, /**< length of one of its fields */
	NFT_KEEP_SET_OF, /**< name of the set that elements are for: the one made last */
	NFT_KEEP_CHAIN, /**< name of the chain that is made */
	NFT_KEEP_BASE, /**< one of the NFT_BASE_PARTS that a chain with a hook has */
	NFT_KEEP_LOOKUP, /**< a set is looked for by its name */
	NFT_KEEP_ELEMENT,
	NFT_KEEP_KEY,
	NFT_KEEP_KEY_END
};

struct nft_attribute {
	uint16_t type;
	enum nft_value value;
	bool required;
	uint32_t lo, hi, mask;
	const char *word;
	const struct nft_attribute *inner;
	size_t n_inner;
	enum nft_keep keep;
};

struct nft_statement {
	const char *name;
	const struct nft_attribute *attribute;
	size_t n;
};

struct nft_grammar {
	uint16_t type; /**< NFT_MSG_* */
	uint16_t flags; /**< NLM_F_*, exactly these */
	const struct nft_attribute *attribute;
	size_t n;
};

/** NULL: not let through. */
const struct nft_grammar *nft_grammar(uint16_t type);
/** The attributes of an expression by its name; n 0 with NULL: not let through. Rules and counters of sets take others. */
const struct nft_statement *nft_grammar_statement(const char *name, bool in_set);

#endif
