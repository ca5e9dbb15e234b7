using System.Globalization;
using System.Text;

namespace PasswordSync.Providers.Transformations;

/// <summary>One change that a sync point makes to passwords for a target that cannot take them as they are. A closed set.</summary>
public abstract record Transformation
{
    private Transformation() { }

    /// <summary>Writes the changed text.</summary>
    /// <returns>How much was written; -1 if there is no room for it.</returns>
    internal abstract int Apply(ReadOnlySpan<char> text, Span<char> to);

    /// <summary>How long texts of these lengths can be afterwards.</summary>
    internal abstract (int Min, int Max) Lengths(int min, int max);

    /// <summary>All letters in one case, by the invariant rules of Unicode, one code point by one.</summary>
    /// <param name="ToUpper">Upper or lower.</param>
    public sealed record Case(bool ToUpper) : Transformation
    {
        internal override int Apply(ReadOnlySpan<char> text, Span<char> to)
        {
            var length = 0;
            while (!text.IsEmpty)
            {
                if (length + 2 > to.Length) return -1;
                if (Rune.DecodeFromUtf16(text, out var rune, out var consumed) == System.Buffers.OperationStatus.Done)
                {
                    length += (ToUpper ? Rune.ToUpperInvariant(rune) : Rune.ToLowerInvariant(rune)).EncodeToUtf16(to[length..]);
                }
                else
                {
                    to[length++] = text[0];
                }

                text = text[consumed..];
            }

            return length;
        }

        internal override (int Min, int Max) Lengths(int min, int max) => (min, max);

        public override string ToString() => ToUpper ? "upper" : "lower";
    }

    /// <summary>Leaves characters out.</summary>
    /// <param name="Characters">Which, as UTF-16 code units. Not empty.</param>
    public sealed record Remove(string Characters) : Transformation
    {
        internal override int Apply(ReadOnlySpan<char> text, Span<char> to)
        {
            var length = 0;
            foreach (var c in text)
            {
                if (Characters.Contains(c, StringComparison.Ordinal)) continue;
                if (length == to.Length) return -1;
                to[length++] = c;
            }

            return length;
        }

        internal override (int Min, int Max) Lengths(int min, int max) => (0, max);

        public override string ToString() => $"remove '{Characters}'";
    }

    /// <summary>Puts one text in the place of another, from left to right, compared by code units.</summary>
    /// <param name="From">What is replaced. Not empty.</param>
    /// <param name="With">What stands there instead.</param>
    public sealed record Substitute(string From, string With) : Transformation
    {
        internal override int Apply(ReadOnlySpan<char> text, Span<char> to)
        {
            var length = 0;
            while (!text.IsEmpty)
            {
                var isHit = text.StartsWith(From, StringComparison.Ordinal);
                var part = isHit ? With : text[..1];
                if (!part.TryCopyTo(to[length..])) return -1;
                length += part.Length;
                text = text[(isHit ? From.Length : 1)..];
            }

            return length;
        }

        internal override (int Min, int Max) Lengths(int min, int max) => With.Length >= From.Length
            ? (min, Math.Max(max, (max / From.Length * With.Length) + (max % From.Length)))
            : ((min / From.Length * With.Length) + (min % From.Length), max);

        public override string ToString() => $"substitute '{From}' with '{With}'";
    }

    /// <summary>Appends a character until the text is long enough.</summary>
    public sealed record Pad(int Length, char With) : Transformation
    {
        internal override int Apply(ReadOnlySpan<char> text, Span<char> to)
        {
            if (Math.Max(text.Length, Length) > to.Length) return -1;
            text.CopyTo(to);
            if (text.Length >= Length) return text.Length;
            to[text.Length..Length].Fill(With);
            return Length;
        }

        internal override (int Min, int Max) Lengths(int min, int max) => (Math.Max(min, Length), Math.Max(max, Length));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"pad {Length} with '{With}'");
    }

    /// <summary>Cuts the end off. No pair of surrogates is cut in two: then one code unit less stays.</summary>
    public sealed record Truncate(int Length) : Transformation
    {
        internal override int Apply(ReadOnlySpan<char> text, Span<char> to)
        {
            var length = Math.Min(text.Length, Length);
            if (length < text.Length && char.IsSurrogatePair(text[length - 1], text[length])) length--;
            return text[..length].TryCopyTo(to) ? length : -1;
        }

        internal override (int Min, int Max) Lengths(int min, int max) => (Math.Min(min, Length - 1), Math.Min(max, Length));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"truncate {Length}");
    }
}
