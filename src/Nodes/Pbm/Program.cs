using PasswordSync.Pbm;

using var ending = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    // What runs ends by itself, with its count; a second Ctrl-C ends the process.
    pressed.Cancel = !ending.IsCancellationRequested;
    ending.Cancel();
};
return await PbmRun.RunAsync(args, Terminal.OfProcess(), ending.Token).ConfigureAwait(false);
