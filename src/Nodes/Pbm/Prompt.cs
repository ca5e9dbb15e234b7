using System.Collections.Immutable;
using PasswordSync.Core.Operations;

namespace PasswordSync.Pbm;

/// <summary>The prompt: <c>[127.0.0.1:9110] pbm&gt;</c>, one command a line, <c>&gt; file</c> at its end writes the answer into a file.</summary>
internal sealed class Prompt(NodeClient client, CommandList list, CommandLine line, Terminal terminal)
{
    private static readonly ImmutableArray<string> OwnCommands = ["exit", "help", "quit", "version"];

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        terminal.Out.WriteLine($"successfully connected to {line.Address}, node {Rendering.Clean(list.Node)} of {Rendering.Clean(list.Cluster)}, as {Rendering.Clean(list.Operator)} ({Rendering.Clean(list.Role)})");
        terminal.Out.WriteLine("Commands downloaded from the node. Type `help` to see what is available, `exit` to leave.");
        var question = $"[{line.Address}] pbm> ";
        var editor = terminal.ReadKey is { } readKey && terminal.IsInteractive ? new LineEditor(terminal.Out, readKey, Complete) : null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var typed = editor is null ? Read(question) : editor.Read(question);
            if (typed is null) break;
            var words = CommandLine.Split(typed);
            if (words is ["exit" or "quit"]) break;
            if (!words.IsEmpty) await RunAsync(words, cancellationToken).ConfigureAwait(false);
        }

        return ExitCodes.Done;
    }

    private string? Read(string question)
    {
        terminal.Out.Write(question);
        return terminal.In.ReadLine();
    }

    private async Task RunAsync(ImmutableArray<string> words, CancellationToken cancellationToken)
    {
        try
        {
            await terminal.Interrupts.RunAsync(ending => RunCommandAsync(CommandLine.Parse([line.Address, .. words], _ => null), ending), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is PbmException or IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine(Rendering.Clean(failure.Message));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Ctrl-C before the answer, or where a secret was asked for.
        }
    }

    private async Task RunCommandAsync(CommandLine parsed, CancellationToken cancellationToken)
    {
        if (parsed.Words is not [.. var command, ">", var file])
        {
            await PbmRun.RunAsync(client, list, FormatOf(parsed), parsed.Words, terminal, () => terminal.Out, cancellationToken).ConfigureAwait(false);
            return;
        }

        // The file is begun with the answer: what is mistyped or refused leaves it as it was.
        // It is opened before the command is sent: an answer that could not be written would be lost.
        var isNew = !File.Exists(file);
        var content = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write);
        StreamWriter? output = null;
        try
        {
            await PbmRun.RunAsync(client, list, FormatOf(parsed), command, terminal, () => output ??= Begin(content), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (output is not null) await output.DisposeAsync().ConfigureAwait(false);
            else await content.DisposeAsync().ConfigureAwait(false);
            if (output is null && isNew) File.Delete(file);
        }

        static StreamWriter Begin(FileStream content)
        {
            // A pipe or a device has no length.
            if (content.CanSeek) content.SetLength(0);
            return new StreamWriter(content);
        }
    }

    // What the prompt was started with holds for each line that says nothing else.
    private OutputFormat FormatOf(CommandLine parsed) => parsed.Format == OutputFormat.Text ? line.Format : parsed.Format;

    /// <summary>What may follow the words before the one that is being typed.</summary>
    internal IEnumerable<string> Complete(ImmutableArray<string> before, string begun)
    {
        var names = list.Commands.Select(CommandBinding.WordsOf).Where(name => name.Length > before.Length && name.Take(before.Length).SequenceEqual(before)).Select(name => name[before.Length]);
        if (before.IsEmpty) names = names.Concat(OwnCommands);
        var command = list.Commands.Where(known => CommandBinding.WordsOf(known) is var name && name.Length <= before.Length && name.SequenceEqual(before.Take(name.Length))).MaxBy(known => CommandBinding.WordsOf(known).Length);
        var switches = command?.Parameters.Where(parameter => parameter.Kind != "secret").Select(parameter => $"-{parameter.Name}") ?? [];
        return names.Concat(switches).Where(word => word.StartsWith(begun, StringComparison.OrdinalIgnoreCase)).Distinct().Order(StringComparer.Ordinal);
    }
}
