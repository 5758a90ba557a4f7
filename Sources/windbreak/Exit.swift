// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// How the process ends. Wrong usage (64) is the argument parser's own.
enum Exit {
    /// It failed while running: an address in use, a file that cannot be written, exchanges cut off by a second signal.
    static let failed = ExitCode(1)
    /// `EX_CONFIG`: the file of configuration cannot be used.
    static let wrongFile = ExitCode(78)

    static let help = """
        EXIT CODES:
          0   all went well
          1   failed while running
          64  wrong usage of the command line
          78  the configuration file cannot be used; standard error says why
        """
}
