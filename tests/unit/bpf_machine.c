#include "tests/unit/unit.h"

#include "tests/unit/bpf_machine.h"

static uint32_t packet_load(const struct packet *p, uint32_t offset, uint32_t size)
{
	uint32_t value = 0;

	if (offset == (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT))
		return p->vlan;
	if (offset > p->len || size > p->len - offset)
		fail_msg("a load of %u bytes at %u in a packet of %u", size, offset, p->len);
	for (uint32_t i = 0; i < size; i++)
		value = value << 8 | p->bytes[offset + i];
	return value;
}

static uint32_t alu(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
		return a + k;
	case BPF_SUB:
		return a - k;
	case BPF_AND:
		return a & k;
	case BPF_LSH:
		return a << k;
	}
	fail_msg("the machine has no operation 0x%x", code);
	return 0;
}

static bool jump_taken(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGE:
		return a >= k;
	case BPF_JGT:
		return a > k;
	}
	fail_msg("the machine has no jump 0x%x", code);
	return false;
}

uint32_t guard_run(const struct guard *g, const struct packet *p)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = { 0 };

	for (size_t pc = 0; pc < g->count; pc++) {
		const struct sock_filter *i = &g->prog[pc];
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? x : i->k;

		if (BPF_CLASS(i->code) == BPF_ALU) {
			a = alu(i->code, a, operand);
			continue;
		}
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = packet_load(p, i->k, 4);
			break;
		case BPF_LD | BPF_H | BPF_ABS:
			a = packet_load(p, i->k, 2);
			break;
		case BPF_LD | BPF_B | BPF_ABS:
			a = packet_load(p, i->k, 1);
			break;
		case BPF_LD | BPF_W | BPF_LEN:
			a = p->len;
			break;
		case BPF_LD | BPF_H | BPF_IND:
			a = packet_load(p, x + i->k, 2);
			break;
		case BPF_LD | BPF_B | BPF_IND:
			a = packet_load(p, x + i->k, 1);
			break;
		case BPF_LD | BPF_IMM:
			a = i->k;
			break;
		case BPF_LDX | BPF_IMM:
			x = i->k;
			break;
		case BPF_ST:
			memory[i->k] = a;
			break;
		case BPF_LD | BPF_MEM:
			a = memory[i->k];
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_MISC | BPF_TXA:
			a = x;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			pc += jump_taken(i->code, a, operand) ? i->jt : i->jf;
		}
	}
	fail_msg("the program has no end");
	return 0;
}
