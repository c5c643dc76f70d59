/** Environment variable with the address of the inspector that a unit shows itself to. */
export const inspectorVariable = 'PEPEUNIT_INSPECTOR';
