using CtSeg.Local.Scaling;
using CtSeg.Local.Stack;

namespace CtSeg.Local.Tests.Scaling;

public sealed class PriceListTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Given_TheListOfTheCheckout_When_Read_Then_EveryPriceAndLimitSaysWhenAndWhereItWasFound()
    {
        var list = PriceList.Read(Path.Combine(Checkout.Find().Root, "infra-bicep", "prices.json"));

        list.Prices.ShouldAllBe(price => price.Source.Length > 10 && DateOnly.ParseExact(price.Read, "yyyy-MM-dd", null) > new DateOnly(2026, 1, 1));
        list.Limits.ShouldAllBe(limit => limit.Source.Length > 10 && DateOnly.ParseExact(limit.Read, "yyyy-MM-dd", null) > new DateOnly(2026, 1, 1));
    }

    [Fact]
    public void Given_AGpu_When_ASecondIsPriced_Then_ProcessorsMemoryAndGpuAddUp() =>
        List().SecondOf(Hardware.T4).ShouldBe(8 * 0.25 + 56 * 0.5 + 3, tolerance: 1e-12);

    [Fact]
    public void Given_ProcessorsOnly_When_ASecondIsPriced_Then_NoGpuIsAdded() =>
        List().SecondOf(Hardware.Cpu).ShouldBe(2 * 0.25 + 4 * 0.5, tolerance: 1e-12);

    [Theory]
    [InlineData("{", "is no list of prices")]
    [InlineData("null", "holds no list")]
    [InlineData("""{"date":"2026-10-04","currency":"USD","prices":[],"limits":[],"more":1}""", "is no list of prices")]
    [InlineData("""{"date":"2026-10-04","currency":"USD","prices":[PRICE,PRICE],"limits":[]}""", "'a' more than once")]
    [InlineData("""{"date":"2026-10-04","currency":"USD","prices":[CHEAP],"limits":[]}""", "'b' is below zero")]
    public void Given_ABadList_When_Read_Then_OneSentenceSaysWhatIsWrong(string json, string problem)
    {
        const string Price = """{"id":"a","service":"s","meter":"m","unit":"u","amount":1,"freeUnits":0,"region":"r","basis":"assumed","read":"2026-10-04","source":"s"}""";
        File.WriteAllText(_file, json.Replace("PRICE", Price, StringComparison.Ordinal)
            .Replace("CHEAP", Price.Replace("\"a\"", "\"b\"", StringComparison.Ordinal).Replace(":1,", ":-1,", StringComparison.Ordinal), StringComparison.Ordinal));

        Should.Throw<PriceListException>(() => PriceList.Read(_file)).Message.ShouldContain(problem);
    }

    [Fact]
    public void Given_NoSuchFile_When_Read_Then_Said() =>
        Should.Throw<PriceListException>(() => PriceList.Read(_file + ".none")).Message.ShouldContain("cannot be read");

    [Fact]
    public void Given_AnUnknownPrice_When_Asked_Then_TheFileIsNamed() =>
        Should.Throw<PriceListException>(() => List().PriceOf("gold")).Message.ShouldContain("'gold'");

    private static PriceList List() => new("2026-10-04", "USD",
        [Of("container-apps-vcpu", 0.25), Of("container-apps-memory", 0.5), Of("container-apps-gpu-t4", 3)], []);

    private static Price Of(string id, double amount) => new(id, "s", "m", "u", amount, 0, "r", Basis.Assumed, "2026-10-04", "nothing found");
}
