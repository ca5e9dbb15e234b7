using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Pbm;

/// <summary>One run of the client.</summary>
public static class PbmRun
{
    /// <summary>The version of the client.</summary>
    public static string Version { get; } = typeof(PbmRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Does what the arguments say.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        try
        {
            var line = CommandLine.Parse(arguments, terminal.Variable);
            if (line.Words is ["--help" or "-h" or "-?"])
            {
                terminal.Out.WriteLine($"pbm {Version}");
                terminal.Out.WriteLine(CommandLine.Usage);
                return ExitCodes.Done;
            }

            if (line.Words is ["login"]) return Login(terminal);
            using var client = new NodeClient(line, terminal);
            var list = await client.FetchAsync(cancellationToken).ConfigureAwait(false);
            return line.Words.IsEmpty
                ? await new Prompt(client, list, line, terminal).RunAsync(cancellationToken).ConfigureAwait(false)
                : await RunAsync(client, list, line.Format, line.Words, terminal, () => terminal.Out, cancellationToken).ConfigureAwait(false);
        }
        catch (PbmException failure)
        {
            terminal.Error.WriteLine(Rendering.Clean(failure.Message));
            return failure.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (OutputClosedException)
        {
            // As head does it: whoever reads has enough.
            return ExitCodes.Done;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or HttpRequestException)
        {
            terminal.Error.WriteLine(Rendering.Clean(failure.Message));
            return ExitCodes.Unreachable;
        }
    }

    /// <summary>Runs one command.</summary>
    /// <param name="client">The way to the node.</param>
    /// <param name="list">What the node offers.</param>
    /// <param name="format">How the answer is written.</param>
    /// <param name="words">What was typed.</param>
    /// <param name="terminal">Where secrets are asked for.</param>
    /// <param name="open">Where the answer goes; called when there is one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal static async Task<int> RunAsync(NodeClient client, CommandList list, OutputFormat format, ImmutableArray<string> words, Terminal terminal, Func<TextWriter> open, CancellationToken cancellationToken)
    {
        switch (words)
        {
            case ["help", .. var about]:
                Write(Help.Of(list, about), open);
                return ExitCodes.Done;
            case [.. var about, "-help" or "--help"]:
                Write(Help.Of(list, about), open);
                return ExitCodes.Done;
            case ["version"]:
                var output = open();
                output.WriteLine($"pbm {Version}");
                output.WriteLine(Rendering.Clean($"node {list.Node} of {list.Cluster} {list.Version}"));
                return ExitCodes.Done;
        }

        var binding = await CommandBinding.Bind(list, words).WithFilesAsync(cancellationToken).ConfigureAwait(false);
        var secrets = new Dictionary<string, Secret>();
        try
        {
            foreach (var parameter in binding.Command.Parameters.Where(parameter => parameter.Kind == "secret")) secrets[parameter.Name] = terminal.AskSecret(Rendering.Clean(parameter.Summary.TrimEnd('.')));
            using var response = await client.RunAsync(binding, secrets, cancellationToken).ConfigureAwait(false);
            var answer = open();
            var printer = new AnswerPrinter(answer, format, withHeadings: terminal.IsInteractive && ReferenceEquals(answer, terminal.Out));
            if (!binding.Command.Streams) return await PrintAsync(response, printer, cancellationToken).ConfigureAwait(false);
            await terminal.Interrupts.RunAsync(ending => StreamAsync(response, binding.Command, printer, answer, ending), cancellationToken).ConfigureAwait(false);
            return ExitCodes.Done;
        }
        finally
        {
            foreach (var secret in secrets.Values) secret.Dispose();
        }
    }

    // The text is there before anything is opened for it.
    private static void Write(string text, Func<TextWriter> open) => open().Write(text);

    private static int Login(Terminal terminal)
    {
        using var token = terminal.AskSecret("Token");
        OwnFiles.Write(terminal.Home, "token", token);
        terminal.Error.WriteLine($"Kept in {Path.Combine(terminal.Home, "token")}, for this user alone.");
        return ExitCodes.Done;
    }

    private static async Task<int> PrintAsync(HttpResponseMessage response, AnswerPrinter printer, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            try
            {
                using var answer = await JsonDocument.ParseAsync(stream, default, cancellationToken).ConfigureAwait(false);
                printer.Print(answer.RootElement);
                return answer.RootElement.TryGetProperty("badNews", out var bad) && bad.ValueKind == JsonValueKind.True ? ExitCodes.BadNews : ExitCodes.Done;
            }
            catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                throw new PbmException(ExitCodes.Unreachable, $"The node's answer cannot be read: {failure.Message}", failure);
            }
        }
    }

    private static async Task StreamAsync(HttpResponseMessage response, CommandDescription command, AnswerPrinter printer, TextWriter output, CancellationToken cancellationToken)
    {
        AnswerColumn[] columns = [.. command.Columns.Select(column => new AnswerColumn(column.Name, column.Title, column.Kind))];
        printer.PrintHeading(columns);
        var count = 0;
        try
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
            while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                using var row = JsonDocument.Parse(line);
                printer.PrintRow(columns, row.RootElement);
                count++;
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Ctrl-C: the way this ends.
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException or JsonException or InvalidOperationException)
        {
            printer.PrintCount(count);
            throw new PbmException(ExitCodes.Unreachable, $"The connection to the node was lost: {failure.Message}", failure);
        }

        printer.PrintCount(count);
    }
}
