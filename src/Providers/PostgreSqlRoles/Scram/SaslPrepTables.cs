using System.Collections.Frozen;
using System.Globalization;

namespace PasswordSync.Providers.PostgreSqlRoles.Scram;

/// <summary>Ranges of code points.</summary>
internal sealed class CodePointSet(int[] firsts, int[] lasts)
{
    public bool Contains(int codePoint)
    {
        var index = Array.BinarySearch(firsts, codePoint);
        if (index < 0) index = ~index - 1;
        return index >= 0 && codePoint <= lasts[index];
    }
}

/// <summary>
/// The tables of RFC 3454 that SASLprep (RFC 4013) uses, and those of Unicode for the normal form KC. They are here because the base library does not normalise where it runs without
/// ICU, as this product does, and because it would make strings of passwords. <c>SaslPrepData.py</c> makes the data.
/// </summary>
internal sealed class SaslPrepTables
{
    private static readonly Lazy<SaslPrepTables> Loaded = new(Load);

    public static SaslPrepTables Instance => Loaded.Value;

    /// <summary>C.1.2: mapped to a space.</summary>
    public required CodePointSet Spaces { get; init; }

    /// <summary>B.1: mapped to nothing.</summary>
    public required CodePointSet Nothing { get; init; }

    /// <summary>C.1.2 and C.2.1 to C.9.</summary>
    public required CodePointSet Prohibited { get; init; }

    /// <summary>A.1: not assigned in Unicode 3.2.</summary>
    public required CodePointSet Unassigned { get; init; }

    /// <summary>D.1: written from right to left.</summary>
    public required CodePointSet Right { get; init; }

    /// <summary>D.2: written from left to right.</summary>
    public required CodePointSet Left { get; init; }

    /// <summary>Canonical combining classes other than 0.</summary>
    public required FrozenDictionary<int, int> Classes { get; init; }

    /// <summary>Full compatibility decompositions, without those of Hangul.</summary>
    public required FrozenDictionary<int, int[]> Decompositions { get; init; }

    /// <summary>Primary composites, without those of Hangul.</summary>
    public required FrozenDictionary<(int First, int Second), int> Compositions { get; init; }

    private static SaslPrepTables Load()
    {
        using var stream = typeof(SaslPrepTables).Assembly.GetManifestResourceStream("SaslPrepData.txt") ?? throw new InvalidOperationException("Internal error: the tables of SASLprep are missing.");
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1..]);
        return new SaslPrepTables
        {
            Spaces = Ranges(lines["space"]),
            Nothing = Ranges(lines["nothing"]),
            Prohibited = Ranges(lines["prohibited"]),
            Unassigned = Ranges(lines["unassigned"]),
            Right = Ranges(lines["right"]),
            Left = Ranges(lines["left"]),
            Classes = lines.Where(line => line.Key.StartsWith("class:", StringComparison.Ordinal))
                .SelectMany(line => line.Value.Select(word => (CodePoint: Hex(word), Class: int.Parse(line.Key.AsSpan("class:".Length), CultureInfo.InvariantCulture))))
                .ToFrozenDictionary(entry => entry.CodePoint, entry => entry.Class),
            Decompositions = lines["decompose"].Select(word => word.Split('=')).ToFrozenDictionary(sides => Hex(sides[0]), sides => sides[1].Split('+').Select(Hex).ToArray()),
            Compositions = lines["compose"].Select(word => word.Split('+', '=')).ToFrozenDictionary(parts => (Hex(parts[0]), Hex(parts[1])), parts => Hex(parts[2])),
        };
    }

    private static CodePointSet Ranges(string[] words)
    {
        var ranges = words.Select(word => word.Split('-')).ToList();
        return new CodePointSet([.. ranges.Select(range => Hex(range[0]))], [.. ranges.Select(range => Hex(range[^1]))]);
    }

    private static int Hex(string word) => int.Parse(word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
