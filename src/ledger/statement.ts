export const statementOf = async (..._: unknown[]): Promise<void> => {};
