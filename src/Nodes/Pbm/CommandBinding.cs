using System.Collections.Immutable;
using PasswordSync.Core.Operations;

namespace PasswordSync.Pbm;

/// <summary>A command of the node with the values of its parameters.</summary>
internal sealed record CommandBinding(CommandDescription Command, ImmutableSortedDictionary<string, ImmutableArray<string>> Values)
{
    /// <summary>Finds the command that the words begin with, the longest name first, and takes the rest as its switches.</summary>
    /// <exception cref="PbmException">There is no such command, or the switches do not fit.</exception>
    public static CommandBinding Bind(CommandList list, ImmutableArray<string> words)
    {
        var command = list.Commands
            .Where(known => WordsOf(known) is var name && name.Length <= words.Length && name.SequenceEqual(words.Take(name.Length)))
            .MaxBy(known => WordsOf(known).Length) ?? throw Unknown(list, words);
        var values = new Dictionary<string, List<string>>();
        for (var i = WordsOf(command).Length; i < words.Length; i++)
        {
            if (words[i] is ['-', not (>= '0' and <= '9'), ..] && Find(command, words[i]) is var parameter)
            {
                if (parameter is null) throw new PbmException(ExitCodes.Usage, $"'{words[i]}' is not a switch of '{NameOf(command)}': it has {SwitchesOf(command)}.");
                if (parameter.Kind == "flag") Add(values, parameter, "true");
                else if (i + 1 < words.Length) Add(values, parameter, words[++i]);
                else throw new PbmException(ExitCodes.Usage, $"'{words[i]}' needs a value: {parameter.Summary}");
            }
            else
            {
                var place = command.Parameters.FirstOrDefault(known => known.Positional && (known.Repeatable || !values.ContainsKey(known.Name)))
                    ?? throw new PbmException(ExitCodes.Usage, $"'{words[i]}' is one word too many for '{NameOf(command)}': see pbm help {NameOf(command)}.");
                Add(values, place, words[i]);
            }
        }

        var missing = command.Parameters.FirstOrDefault(known => known is { Required: true, Default: null, Kind: not "secret" } && !values.ContainsKey(known.Name));
        if (missing is not null) throw new PbmException(ExitCodes.Usage, $"'{NameOf(command)}' needs {missing.Name}: {missing.Summary}");
        return new CommandBinding(command, values.ToImmutableSortedDictionary(entry => entry.Key, entry => entry.Value.ToImmutableArray(), StringComparer.Ordinal));
    }

    /// <summary>The largest file that is sent, in bytes: a certificate request has some hundred.</summary>
    private const int FileBytesMax = 2_048;

    /// <summary>The same with the texts of files in the place of their names.</summary>
    /// <exception cref="PbmException">A file is not there, or too large.</exception>
    public async Task<CommandBinding> WithFilesAsync(CancellationToken cancellationToken)
    {
        var values = Values;
        foreach (var parameter in Command.Parameters.Where(known => known.Kind == "file" && Values.ContainsKey(known.Name)))
        {
            var texts = ImmutableArray.CreateBuilder<string>();
            foreach (var name in Values[parameter.Name]) texts.Add(await ReadAsync(name, cancellationToken).ConfigureAwait(false));
            values = values.SetItem(parameter.Name, texts.DrainToImmutable());
        }

        return this with { Values = values };
    }

    private static async Task<string> ReadAsync(string name, CancellationToken cancellationToken)
    {
        var file = new FileInfo(name);
        if (!file.Exists) throw new PbmException(ExitCodes.Usage, $"There is no file '{name}'.");
        if (file.Length > FileBytesMax) throw new PbmException(ExitCodes.Usage, $"'{name}' has {file.Length} bytes: at most {FileBytesMax} are sent.");
        return await File.ReadAllTextAsync(name, cancellationToken).ConfigureAwait(false);
    }

    public static ImmutableArray<string> WordsOf(CommandDescription command) => [command.Palette, .. command.Name.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    public static string NameOf(CommandDescription command) => $"{command.Palette} {command.Name}".TrimEnd();

    // -point, --point, and the letter in either case.
    private static ParameterDescription? Find(CommandDescription command, string word) => command.Parameters.FirstOrDefault(known => known.Kind != "secret" && (
        word.TrimStart('-').Equals(known.Name, StringComparison.OrdinalIgnoreCase) || word.Equals(known.Switch, StringComparison.OrdinalIgnoreCase)));

    private static string SwitchesOf(CommandDescription command) =>
        command.Parameters.Where(known => known.Kind != "secret").Select(known => known.Switch is { } letter ? $"{letter} (-{known.Name})" : $"-{known.Name}").ToList() is { Count: > 0 } all ? string.Join(", ", all) : "none";

    private static void Add(Dictionary<string, List<string>> values, ParameterDescription parameter, string value)
    {
        if (!values.TryGetValue(parameter.Name, out var given)) values[parameter.Name] = given = [];
        if (given.Count > 0 && !parameter.Repeatable) throw new PbmException(ExitCodes.Usage, $"'{parameter.Name}' is given twice.");
        given.Add(value);
    }

    private static PbmException Unknown(CommandList list, ImmutableArray<string> words)
    {
        var palettes = list.Commands.Select(command => command.Palette).Distinct().Order(StringComparer.Ordinal).ToList();
        return palettes.Contains(words[0])
            ? new PbmException(ExitCodes.Usage, $"'{string.Join(' ', words)}' is no command: {words[0]} has {string.Join(", ", list.Commands.Where(command => command.Palette == words[0]).Select(command => command.Name))}.")
            : new PbmException(ExitCodes.Usage, $"'{words[0]}' is no palette of this node: it has {string.Join(", ", palettes)}.");
    }
}
