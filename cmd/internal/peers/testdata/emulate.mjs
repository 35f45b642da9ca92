// One stand-in of npm's emulate.
import { createEmulator } from 'emulate'
import { given, serve, tell } from './lines.mjs'

const emulator = await createEmulator({ service: given.service, port: 0, seed: given.seed })
tell({ event: 'listening', url: emulator.url, secrets: emulator.generatedSecrets })
await serve(async () => null)
