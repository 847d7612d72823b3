import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema/schema.graphql',
  documents: ['src/**/*.ts', '!src/generated/**'],
  generates: {
    'src/generated/': {
      preset: 'client',
      // Masking is for trees of components, each with a fragment of its own: fields of a fragment
      // can be read through `useFragment` only. These programs have no components. Without masking
      // an answer has all the fields that were asked for, and its unions narrow where they arrive.
      presetConfig: { fragmentMasking: false },
      config: {
        strictScalars: true, // a scalar that is not listed here is an error, not `unknown`
        scalars: {
          ID: 'string', // otherwise an input takes numbers as well
          DateTime: 'string', // ISO 8601, as it comes in JSON
        },
        useTypeImports: true,
        importExtension: '.ts',
      },
    },
  },
};

export default config;
