using PasswordSync.Core.Decisions;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Decisions.Tables;

/// <summary>
/// What every event makes of every state that a sync point can be in, or that it does not fit and throws: the tables are the text files beside this. '='
/// means that the point stays as it is.
/// </summary>
public sealed class Fold_table
{
    private const string Folder = "Fold";

    public static TheoryData<string, string> Rows() => new(
        from happened in EventVariants.All.Keys
        from situation in Situation.All
        select (happened, situation.Name));

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_event_in_every_state_gives_what_the_table_says(string happened, string situation)
    {
        var table = TextTable.Read(Folder, happened);
        var found = EventVariants.All[happened].Select(variant => Describe(variant, Situation.All.Single(s => s.Name == situation)));

        table.Rows.ShouldContainKey(situation, $"The table {happened} has no row '{situation}'. All of it as it is now:\n{Show(happened)}");
        string.Join(" | ", found).ShouldBe(string.Join(" | ", table.Rows[situation]), $"All of the table as it is now:\n{Show(happened)}");
    }

    [Fact]
    public void Every_event_has_a_table_with_the_columns_of_the_event_and_the_rows_of_all_states()
    {
        var events = typeof(IdentityEvent).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(IdentityEvent))).Select(type => type.Name).ToList();

        events.ShouldNotBeEmpty();
        EventVariants.All.Keys.ShouldBe(events, ignoreOrder: true);
        TextTable.NamesIn(Folder).ShouldBe(events, ignoreOrder: true);
        foreach (var (happened, variants) in EventVariants.All)
        {
            var table = TextTable.Read(Folder, happened);
            table.Columns.ShouldBe(variants.Select(variant => variant.Name), happened);
            table.Rows.Keys.ShouldBe(Situation.All.Select(situation => situation.Name), ignoreOrder: true, happened);
        }

        EventVariants.Sequels.Select(entry => entry.Sequel.GetType()).Distinct().ShouldBe(typeof(AttemptSequel).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(AttemptSequel))), ignoreOrder: true);
    }

    [Fact]
    public void Every_event_that_fits_counts_once()
    {
        foreach (var (variant, situation) in from variant in EventVariants.All.Values.SelectMany(variants => variants) from situation in Situation.All select (variant, situation))
        {
            if (Describe(variant, situation) == "throws") continue;
            variant.Apply(situation).Sequence.ShouldBe(situation.Identity().Sequence + 1);
        }
    }

    private static string Describe(EventVariant variant, Situation situation)
    {
        try
        {
            var after = Situation.Describe(variant.Apply(situation).Points.GetValueOrDefault(Some.Point));
            return after == situation.Name ? "=" : after;
        }
        catch (InvalidOperationException misfit) when (misfit.Message.StartsWith("Internal error: ", StringComparison.Ordinal))
        {
            return "throws";
        }
    }

    private static string Show(string happened) => TextTable.Write(
        EventVariants.All[happened].Select(variant => variant.Name),
        Situation.All.Select(situation => (situation.Name, EventVariants.All[happened].Select(variant => Describe(variant, situation)))));
}
