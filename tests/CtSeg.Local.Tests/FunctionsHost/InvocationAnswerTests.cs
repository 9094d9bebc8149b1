using System.Text;
using CtSeg.Local.FunctionsHost;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>The answers table and the outputs of the fixtures.</summary>
public sealed class InvocationAnswerTests
{
    public static TheoryData<string, int, string?, string, string> Table()
    {
        TheoryData<string, int, string?, string, string> rows = [];
        foreach (JToken row in JArray.Parse(Fixtures.Text("answers/table.json")))
            rows.Add((string)row["case"]!, (int)row["status"]!, (string?)row["contentType"], (string)row["body"]!, (string)row["outcome"]!);
        return rows;
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void GivenARowOfTheTable_WhenRead_ThenItsOutcomeIsTheTables(string name, int status, string? contentType, string body, string outcome) =>
        InvocationAnswer.Read(status, contentType, Fixtures.Bytes("answers/" + body)).Outcome.ToString().ToLowerInvariant().ShouldBe(outcome, name);

    [Fact]
    public void GivenAFailedStatus_WhenRead_ThenLogsAndOutputsAreThrownAway()
    {
        InvocationAnswer answer = InvocationAnswer.Read(500, "application/json", Fixtures.Bytes("answers/done.json"));

        answer.Logs.ShouldBeEmpty();
        answer.Outputs.Count.ShouldBe(0);
    }

    [Fact]
    public void GivenAGoodAnswer_WhenRead_ThenItsLogsAreKept() =>
        InvocationAnswer.Read(200, "application/json", Fixtures.Bytes("answers/done.json")).Logs.ShouldBe(["stored"]);

    [Theory]
    [InlineData("""{"Outputs":"text"}""")]
    [InlineData("""{"Outputs":[]}""")]
    [InlineData("""{"Logs":"text"}""")]
    [InlineData("{} {}")]
    public void GivenAnObjectOfAnotherShape_WhenRead_ThenItFailed(string body) =>
        InvocationAnswer.Read(200, "application/json", Encoding.UTF8.GetBytes(body)).Outcome.ShouldBe(AnswerOutcome.Failed);

    public static TheoryData<string> OutputCases() => [.. JArray.Parse(Fixtures.Text("answers/outputs.json")).Select(row => (string)row["answer"]!)];

    [Theory]
    [MemberData(nameof(OutputCases))]
    public void GivenAnOutput_WhenTurnedIntoMessages_ThenTheyAreTheFixtures(string file)
    {
        JToken row = JArray.Parse(Fixtures.Text("answers/outputs.json")).Single(row => (string)row["answer"]! == file);
        InvocationAnswer answer = InvocationAnswer.Read(200, "application/json", Fixtures.Bytes("answers/" + file));

        IReadOnlyList<byte[]> messages = OutputMessages.From(answer.Outputs["message"]!, isBinary: false);

        messages.Select(Encoding.Latin1.GetString).ShouldBe(row["messages"]!.Select(message =>
            Encoding.Latin1.GetString(message["base64"] is { } bytes ? Convert.FromBase64String((string)bytes!) : Encoding.UTF8.GetBytes((string)message["text"]!))));
    }

    [Fact]
    public void GivenABinaryBinding_WhenAStringLooksLikeBase64_ThenItStaysText() =>
        Encoding.UTF8.GetString(OutputMessages.From("abcd", isBinary: true).Single()).ShouldBe("abcd");

    [Fact]
    public void GivenAStringThatHoldsAnArray_WhenTurnedIntoMessages_ThenItIsSplit() =>
        OutputMessages.From("""[{"n":1},{"n":2}]""", isBinary: false).Count.ShouldBe(2);

    [Fact]
    public void GivenAStringThatOnlyLooksLikeJson_WhenTurnedIntoMessages_ThenItFails() =>
        Should.Throw<Newtonsoft.Json.JsonException>(() => OutputMessages.From("{no json}", isBinary: false));
}
