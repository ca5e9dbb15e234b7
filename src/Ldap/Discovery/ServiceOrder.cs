namespace PasswordSync.Ldap;

/// <summary>The order in which servers of a service are tried (RFC 2782).</summary>
internal static class ServiceOrder
{
    /// <summary>By priority; within one by lot, in which the weight is the number of tickets, and those without weight come last most of the time.</summary>
    /// <param name="records">In any order.</param>
    /// <param name="draw">Draws a number from zero to below its argument.</param>
    public static IReadOnlyList<ServiceRecord> Of(IEnumerable<ServiceRecord> records, Func<int, int> draw)
    {
        var ordered = new List<ServiceRecord>();
        foreach (var priority in records.GroupBy(record => record.Priority).OrderBy(group => group.Key))
        {
            var left = priority.OrderBy(record => record.Weight).ToList();
            while (left.Count > 0)
            {
                var lot = draw(left.Sum(record => record.Weight) + 1);
                var running = 0;
                var chosen = left.FindIndex(record => (running += record.Weight) >= lot);
                ordered.Add(left[chosen]);
                left.RemoveAt(chosen);
            }
        }

        return ordered;
    }
}
