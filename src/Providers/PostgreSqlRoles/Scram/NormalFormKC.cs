namespace PasswordSync.Providers.PostgreSqlRoles.Scram;

/// <summary>Unicode's normal form KC (UAX 15): compatibility decomposition, canonical order, canonical composition.</summary>
internal static class NormalFormKC
{
    // Hangul syllables are composed by arithmetic: The Unicode Standard, 3.12.
    private const int SBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, LCount = 19, VCount = 21, TCount = 28, NCount = VCount * TCount, SCount = LCount * NCount;

    /// <summary>The longest compatibility decomposition has 18 code points (U+FDFA).</summary>
    private const int ExpansionMax = 18;

    private static SaslPrepTables Tables => SaslPrepTables.Instance;

    /// <summary>The normal form, which the caller disposes.</summary>
    public static CodePoints Of(CodePoints input)
    {
        var output = new CodePoints(input.Count * ExpansionMax);
        foreach (var point in input.Span) Decompose(point, output);
        Order(output.Span);
        Compose(output);
        return output;
    }

    private static void Decompose(int point, CodePoints output)
    {
        if (point - SBase is >= 0 and < SCount and var syllable)
        {
            output.Add(LBase + (syllable / NCount));
            output.Add(VBase + (syllable % NCount / TCount));
            if (syllable % TCount != 0) output.Add(TBase + (syllable % TCount));
        }
        else if (Tables.Decompositions.TryGetValue(point, out var parts))
        {
            foreach (var part in parts) output.Add(part);
        }
        else
        {
            output.Add(point);
        }
    }

    /// <summary>Sorts each run of combining characters by class and leaves equal classes as they are.</summary>
    private static void Order(Span<int> points)
    {
        for (var i = 1; i < points.Length; i++)
        {
            var point = points[i];
            var combiningClass = ClassOf(point);
            var at = i;
            for (; combiningClass != 0 && at > 0 && ClassOf(points[at - 1]) > combiningClass; at--) points[at] = points[at - 1];
            points[at] = point;
        }
    }

    private static void Compose(CodePoints points)
    {
        var span = points.Span;
        var starter = -1;
        var lastClass = 0;
        var count = 0;
        foreach (var point in span)
        {
            var combiningClass = ClassOf(point);

            // A mark is blocked from the starter by one of the same or a higher class between them, a starter by anything between them.
            var isAdjacent = count - 1 == starter;
            if (starter >= 0 && (isAdjacent || (lastClass != 0 && lastClass < combiningClass)) && Composite(span[starter], point) is { } composite)
            {
                span[starter] = composite;
                continue;
            }

            if (combiningClass == 0) starter = count;
            lastClass = combiningClass;
            span[count++] = point;
        }

        points.Shorten(count);
    }

    private static int? Composite(int first, int second)
    {
        if (first - LBase is >= 0 and < LCount && second - VBase is >= 0 and < VCount) return SBase + ((((first - LBase) * VCount) + (second - VBase)) * TCount);
        if (first - SBase is >= 0 and < SCount && (first - SBase) % TCount == 0 && second - TBase is > 0 and < TCount) return first + (second - TBase);
        return Tables.Compositions.TryGetValue((first, second), out var composite) ? composite : null;
    }

    private static int ClassOf(int point) => Tables.Classes.GetValueOrDefault(point);
}
