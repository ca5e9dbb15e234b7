using System.Collections.Immutable;
using PasswordSync.Core.Operations;

namespace PasswordSync.Pbm;

/// <summary>What the node offers, for people.</summary>
internal static class Help
{
    /// <summary>The text about what the words begin.</summary>
    /// <exception cref="PbmException">Nothing begins with them.</exception>
    public static string Of(CommandList list, ImmutableArray<string> words)
    {
        using var text = new StringWriter();
        Print(text, list, words);
        return text.ToString();
    }

    private static void Print(TextWriter output, CommandList list, ImmutableArray<string> words)
    {
        var commands = list.Commands.Where(command => CommandBinding.WordsOf(command).Take(words.Length).SequenceEqual(words)).ToList();
        if (commands.Count == 0) throw new PbmException(ExitCodes.Usage, $"There is no help for '{string.Join(' ', words)}': see pbm help.");
        if (commands.Count > 1 || words.IsEmpty)
        {
            var width = commands.Max(command => CommandBinding.NameOf(command).Length);
            foreach (var command in commands) output.WriteLine($"{Rendering.Clean(CommandBinding.NameOf(command)).PadRight(width)} | {Rendering.Clean(command.Summary)}");
            output.WriteLine($"Count: {commands.Count} commands");
            return;
        }

        Print(output, commands[0]);
    }

    private static void Print(TextWriter output, CommandDescription command)
    {
        output.WriteLine(Rendering.Clean($"{CommandBinding.NameOf(command)}: {command.Summary}"));
        output.WriteLine(Rendering.Clean($"Needs the role {command.Role}.{(command.IsAudited ? " It is written into the audit." : "")}{(command.Streams ? " It streams until Ctrl-C." : "")}"));
        foreach (var parameter in command.Parameters)
        {
            var name = parameter.Kind == "secret" ? "(asked for)" : parameter.Positional ? parameter.Name.ToUpperInvariant() : $"-{parameter.Name}{(parameter.Switch is { } letter ? $", {letter}" : "")}";
            output.WriteLine(Rendering.Clean($"  {name}: {parameter.Summary}{(parameter.Required ? " Required." : "")}{(parameter.Default is { } standard ? $" Default: {standard}." : "")}"));
        }

        foreach (var example in command.Examples) output.WriteLine(Rendering.Clean($"Example: pbm {example}"));
    }
}
