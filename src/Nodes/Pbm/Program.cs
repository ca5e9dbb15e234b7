using PasswordSync.Pbm;

// A stream ends by itself, with its count; a second Ctrl-C ends the process.
var terminal = Terminal.OfProcess();
Console.CancelKeyPress += (_, pressed) => pressed.Cancel = terminal.Interrupts.Press();
return await PbmRun.RunAsync(args, terminal, CancellationToken.None).ConfigureAwait(false);
