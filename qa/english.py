"""The English words that follow-ups are read by: closed classes whole, open ones by what news says often."""

from __future__ import annotations

import re

__all__ = [
    "AUXILIARIES",
    "BUILT",
    "BUSINESSES",
    "DATELINE",
    "DECISIONS",
    "DETERMINERS",
    "EITHER",
    "EITHER_NAMES",
    "GENERIC",
    "GROUPS",
    "HEADS",
    "HE_NAMES",
    "HE_ROLES",
    "INSTITUTIONS",
    "LEANING",
    "LINKING",
    "LINKS",
    "NOT_VERBS",
    "NUMBERS",
    "OTHERS",
    "PARTICLES",
    "PLACES",
    "POINTING",
    "PREPOSITIONS",
    "QUESTION_WORDS",
    "ROLES",
    "SAYS",
    "SHE_NAMES",
    "SHE_ROLES",
    "TIMES",
    "TITLES",
    "VERBS",
]


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


AUXILIARIES = _set(
    "am are aren't aren’t be been being can can't can’t could couldn't couldn’t did didn't didn’t do does doesn't "
    "doesn’t don't don’t had hadn't hadn’t has hasn't hasn’t have haven't haven’t having is isn't isn’t may might "
    "must shall should shouldn't shouldn’t was wasn't wasn’t were weren't weren’t will won't won’t would wouldn't "
    "wouldn’t"
)
"""Verbs that stand before a subject to ask."""

PREPOSITIONS = _set(
    "about across after against along among around as at before behind beside besides between beyond by despite down "
    "during for from in inside into near of off on onto out outside over per since than through till to toward "
    "towards under until up upon via with within without"
)

DETERMINERS = _set(
    "a all an another any both each every her his its my no our some that the their these this those your"
)
"""What begins a noun phrase."""

OTHERS = _set(
    "actually again ago already also although altogether and anybody anyone anything as away back because but else "
    "even ever everybody everyone everything exactly few he her here hers herself him himself i if instead it itself "
    "just last later least less many me more most much never next nobody none nor not nothing now ok okay one ones "
    "only or please quite rather really same she so somebody someone something soon still such than that theirs them "
    "themselves then there they though today together tomorrow too unless us very we well whether while yes yesterday "
    "yet you"
)
"""Further words that are never a name or a noun by themselves."""

LINKS = _set("about against at behind between for from in into of on")
"""Prepositions whose phrase says which thing is meant: "the boat on the beach"."""

QUESTION_WORDS = _set("how what when where which who whom whose why")

VERBS = _set(
    "accept accuse achieve add admit agree allow announce apologise apologize appear apply appoint argue arrest "
    "arrive ask ate attend avoid beat became become began begin begun behave believe belong bet bore born borrow "
    "bought bred bring broke broken brought build built burst buy came catch caught choose chose chosen come "
    "complain confirm consider contain continue convict convince criticise dealt decide declare deny describe "
    "destroy die disagree disappear discover drank drawn drew driven drove earn eat elect employ ended enter escape "
    "expect explain fail fed fell find fled flew fly follow forget forgive found froze gave get gets give given go "
    "goes gone got ground happen happens hear heard held hid hidden hold hurt improve include insist intend invite "
    "join keep kept kill knew know known laid lay leave led lend lent let lit lose lost made make makes manage "
    "meant meet met oppose owns paid persuade prefer pretend prevent propose prove put quit reach read receive "
    "recommend refuse regret reject remain remember remove reopen replace represent resign resigns respond retire "
    "ride rode rose runs said sang sank save saw say says see seen sell send sent shook shot shut sing sleep slept "
    "slid sold sought speak spend spent split spoke steal stole stood struck stuck suffer suggest sunk survive swam "
    "swept swore swung take taken takes taught teach tell think thought threw thrown told took tore torn understand "
    "understood wear went withdraw withdrew woke won wore worn write written wrote"
)
"""Seldom nouns; past and -ing forms that follow the rule are known by their endings."""

EITHER = _set(
    "ban blame call charge claim close cost cover cut damage deal demand drop end fall fight fine form help hit hope "
    "increase jump lead lie live look loss love mean move name need offer open own pay plan play price promise raise "
    "react record report rest return rise rule run score sign spread stand start stay stop strike support talk thank "
    "try turn use visit vote want win work worth"
)
"""Nouns as often as verbs."""

NOT_VERBS = _set(
    "anything banking beating bed bombing breed bring building ceiling cling deed evening everything exceed feed "
    "fishing fling funding greed hearing housing hundred indeed killing king meeting mining morning need nothing "
    "opening painting parking proceed reading red reed ring ruling seed shed shooting sing sling something speed "
    "spring stabbing steed sting string succeed swing thing training united warning wedding weed wing"
)
"""They only end like verbs."""

TIMES = _set(
    "afternoon amount april august autumn beginning century christmas day days decade december easter end evening "
    "fact fall february first friday hour hours january july june kind lot march may minute minutes moment monday "
    "month months morning night november number october part place quarter rest saturday season second september sort "
    "spring start summer sunday third thursday time times today tomorrow tuesday way wednesday week weekend weeks "
    "while winter year years yesterday"
)
"""Times, and what is too little to be spoken of."""

GROUPS = _set(
    "administration agency airline army association authority band bank board cabinet center centre charity church "
    "city club co coalition college commission committee company congress cordage corp corporation council court crew "
    "department family fc federation firm force forces foundation fund government group hospital house inc institute "
    "jury league ltd military ministry navy network newspaper office opposition parliament party plc police press "
    "public regime rovers school senate service side society staff station team town trust union united university"
)
"""What acts as people do together, and ends names of such."""

BUSINESSES = _set(
    "air airlines airways aviation biologics brewery builders capital chemicals construction dairy electric "
    "electronics energy engineering estates farms foods holdings homes hotels industries insurance investments labs "
    "laboratories logistics media mills mines motors oil partners pharma pharmaceuticals power productions properties "
    "rail railway railways records resources shipping solutions steel stores studios supermarkets systems "
    "technologies technology telecom textiles transit transport travel ventures water works"
)
"""Ends of the names of companies."""

NUMBERS = _set("two three four five six seven eight nine ten eleven twelve dozen twenty thirty forty fifty hundred")
"""What counts several, in words."""

DATELINE = re.compile(
    r"(?![A-Z]{2,5}\s*[—–:-])[A-Z][A-Z’'.-]{2,}(?: [A-Z][A-Z’'.-]+){0,3}(?:,(?: [A-Z][\w.]*){1,3})?"
    r"(?: ?\([^()]{2,40}\))?(?:,? [A-Z][a-z]{2,8}\.? \d{1,2})?(?: ?\([^()]{2,40}\))?\s*[—–:-]\s+"
)
"""Where an agency reports from, before its first sentence: "PORT ELLERY, May 3 (Meridian) - ";
not "NATO: ", which is whom it reports of."""

BUILT = _set("center centre church city college hospital house network newspaper office school side station town")
"""Groups that are as often a building."""

PLACES = _set(
    "airport avenue bay beach bridge castle church city coast country county district east forest hall harbour hill "
    "house island islands lake lane mount mountain north ocean park point port province quay region river road row "
    "sands sea south square stadium state strand street terrace town valley village west"
)
"""Ends of the names of places."""

EITHER_NAMES = _set(
    "alex andrea ashley bev beverley carol charlie chris dana dawn evelyn francis frances hilary jan jean joe jordan "
    "june kelly kim kit laurence lee lesley leslie marion pat robin sam sasha shannon stacey terry tracey tracy vivian"
)
"""Given names of men as well as of women."""

GENERIC = _set("child children lives man men people person woman women")
"""Whoever is counted: they say nothing of what a question is about."""

ROLES = _set(
    "accountant actor actress adviser agent ambassador analyst archaeologist archbishop architect artist astronaut "
    "attacker author baker banker barrister bishop boss boy bride buyer candidate captain chair chairman chairwoman "
    "champion chancellor chief child clerk coach coroner councillor counsel coxswain creator critic culprit daughter "
    "dead defendant defender deputy designer detective developer director doctor driver economist editor engineer "
    "expert farmer father finder fisherman founder gardener girl girlfriend goalkeeper governor groom guard gunman "
    "head hero host hostage husband inspector inventor journalist judge keeper killer king landlord lawyer leader "
    "lord magistrate man manager mayor member midfielder minister mother musician neighbor neighbour nurse officer "
    "official opponent organiser organizer owner painter partner pilot player poet policeman policewoman politician "
    "pope predecessor premier president priest prince princess principal prisoner producer professor prosecutor queen "
    "referee reporter representative researcher resident rival sailor scientist scorer secretary senator sergeant "
    "singer skipper soldier son spokesman spokesperson spokeswoman striker student successor suspect swimmer teacher "
    "teenager thief treasurer tutor victim volunteer waiter widow wife winner witness woman worker writer"
)
"""What people are or do."""

HE_ROLES = _set(
    "actor boy brother chairman father fisherman groom gunman husband king landlord lord man mr policeman pope priest "
    "prince sir son spokesman uncle"
)

SHE_ROLES = _set(
    "actress aunt baroness bride chairwoman dame daughter duchess girl girlfriend lady miss mother mrs ms policewoman "
    "princess queen sister spokeswoman widow wife woman"
)

TITLES = _set(
    "ambassador archbishop baron baroness bishop captain cardinal chancellor chief cllr coach col colonel "
    "commissioner congressman congresswoman constable councillor count dame deputy detective doctor dr duchess duke "
    "father gen general gov governor imam inspector judge justice king lady lieutenant lord lt major mayor minister "
    "miss mr mrs ms mx officer pope president prime prince princess prof professor queen rabbi rep rev reverend "
    "secretary sen senator sergeant sgt sheikh sir sister superintendent vice"
)
"""What stands before a name."""

INSTITUTIONS = _set(
    "archbishop bank battle bay bishop board bureau cape chancellor church city college council court department "
    "duchess duke gulf house institute isle kingdom league lord mayor minister ministry mount museum office port "
    "prince princess republic school sea secretary society states statue strait tower treaty union university"
)
"""Names that go on with "of"."""

PARTICLES = _set("al ben bin da das de del della den der di dos du e el ibn la le st ten ter van von y")
"""Small words within names."""

HEADS = _set(
    "act airport attack award ban bill border bridge campaign case charter coast crash crisis cup deal economy "
    "election factory fans festival final fire flood game harbour inquiry law library march market match mine "
    "ministers murder museum officials plan plant prize project protest race referendum report residents scheme "
    "shares storm strike study summit supporters survey theatre theft trial vote wall war workers works"
)
"""Nouns that names go on into: "Marrowby council"."""

HE_NAMES = _set(
    "aaron abdul abdullah adam adrian ahmad ahmed alan albert alejandro alexander alexei alfred ali amir anders andre "
    "andreas andrei andrew andy angus anthony anton antonio arthur arturo barack barry ben benjamin bernard bernie "
    "bill bob boris brad brandon brian bruce carl carlos cesar charles charlie chris christian christoph christopher "
    "colin craig cyril dan daniel danny darren dave david dean dennis derek diego dmitry dominic don donald donny "
    "douglas duncan ed eddie eduardo edward edwin elijah elon emmanuel enrique eric erik ernest ethan eugene evan "
    "felix fernando francis francisco franco frank franz fred frederick gareth gary gavin geoff geoffrey george "
    "gerald gerard gianni giorgio giovanni gordon graham greg gregory guy hamza hans harold harry harvey hassan "
    "hector helmut henry herbert howard hugh hugo hussein ian ibrahim idris igor imran isaac ivan ivo jack jacob "
    "jaime jake james jan jason javier jean jeff jeffrey jeremy jerome jerry jesus jim jimmy joe joel johan john "
    "johnny jon jonah jonas jonathan jorge jose josef joseph josh joshua juan julian julio justin karim karl keir "
    "keith ken kenneth kevin khalid kyle larry lars laurence lawrence lee leo leon leonard leonardo lewis liam lionel "
    "louis luca lucas luis luke magnus malcolm manuel marc marcel marco marcus mario mark martin matt matteo matthew "
    "max michael miguel mike mikhail mitch mohamed mohammad mohammed muhammad murray narendra nathan neil nelson "
    "nicholas nick nicolas nigel nikolai noah norman oleg oliver olivier omar osama oscar otto owen pablo patrick "
    "paul pavel pedro percy pete peter phil philip philippe pierre piotr rafael rahul raj ralph ravi ray raymond "
    "ricardo richard rick rishi rob robert roberto rod rodrigo roger rohan roland rolf roman ron ronald rory ross roy "
    "rupert russell ryan salman sam samuel scott sean sebastian sergei sergio shane shaun simon stanley stefan "
    "stephen steve steven stuart tariq ted terry theo thierry thomas tim timothy toby todd tom tommy tony travis "
    "trevor tyler victor viktor vincent vladimir volodymyr walter warren wayne wilhelm will william winston xi yasser "
    "yuri yusuf zachary"
)
"""Given names common in the news; the rest are known by a title, or by "he said" near them."""

SHE_NAMES = _set(
    "abigail ada adele agnes aisha alana alexandra alice alicia alison alma amanda amber amelia amina amy ana "
    "anastasia andrea angela angelina anita ann anna anne annette annie antonia aria ariana ashley astrid audrey "
    "barbara beatrice becky bella bernadette beth bethany betty beverley bianca brenda bridget brigitte camilla "
    "camille carla carmen carol carole caroline catherine cecilia celia charlotte chelsea cheryl chiara chloe "
    "christina christine claire clara claudia constance courtney cristina cynthia daisy danielle daphne dawn debbie "
    "deborah delia denise diana diane dolores dora doreen doris dorothy edith eileen elaine eleanor elena elisa "
    "elisabeth eliza elizabeth ella ellen elsa elsie emilia emily emma erica erin esme esther eva eve evelyn farida "
    "fatima fiona florence frances francesca freya gabriela gail gemma georgia georgina geraldine giorgia gisele "
    "gloria grace greta gwen hannah hanne harriet hayley hazel heather helen helena helga henrietta hilary hillary "
    "holly ida imogen indira ines ingrid irene irina iris isabel isabella isabelle jacinda jacqueline jane janet "
    "janice jasmine jean jenna jennifer jenny jess jessica jill joan joanna joanne josephine joyce judith judy julia "
    "juliana julie june justine kamala karen karin kate katherine kathleen kathryn katie katya kayla kelly kim "
    "kirsten kirsty krista kristen kristina lara laura lauren leah leila lena lesley leslie leticia liliana lily "
    "linda lisa liz liza lola lorna lorraine louise lucia lucy lydia lynn mabel madeleine maggie malala mandy "
    "margaret maria marian marie marina marion marjorie marta martha martina mary matilda maureen maya megan meghan "
    "melanie melissa mercedes mia michelle mildred miriam moira molly monica nadia nancy naomi natalia natalie "
    "natasha nell nicola nicole nina nora norma olga olivia oprah pamela patricia paula pauline penelope penny petra "
    "phoebe phyllis polly poppy priscilla priti rachel rebecca renee rhoda rita roberta rosa rosalind rose rosemary "
    "rosie roxanne ruby ruth sabrina sally samantha sandra sara sarah serena shannon sharon sheila shirley silvia "
    "simone sofia sonia sophia sophie stacey stella stephanie sue susan susanna susie suzanne svetlana sylvia tamara "
    "tania tanya tara tatiana teresa tess thelma theresa tiffany tina tracey tracy ursula valentina valerie vanessa "
    "vera verity veronica victoria viola violet virginia vivian wanda wendy whitney willow winifred yasmin yolanda "
    "yulia yvette yvonne zara zoe"
)

SAYS = _set("added argued asked claimed insisted replied said say says tells told warned wrote")

LEANING = _set(
    "accident accused act age agreement aim allegation amount announcement answer appeal argument arrest attack "
    "author award ban bid bill blame case cause ceremony challenge change charge charges claim claims club company "
    "complaint condition consequence consequences contract cost count crash crime date dead deadline deal death "
    "debate decision defence defendant defense delay details difference dispute effect effects election event "
    "evidence excuse family fee figure figures final find finding findings fine fire firm game gap goal group hearing "
    "idea impact incident injured injuries inquest inquiry investigation issue job law letter location loss losses "
    "majority margin match meeting men money motive move murder name news number object occasion offer opposition "
    "order others outcome pair parents party penalty people percentage place plan plans police policy poll position "
    "price prize problem process profit programme project promise proposal proposals prosecution protest protesters "
    "public purpose race reaction reason reasons recount report request rescue response rest result results rival "
    "rule rules ruling salary sale scene score sentence shooting side site situation size solution source statement "
    "story strike study survivors suspect suspects talks target team terms theory toll total trial trip two value "
    "venue verdict victim victims vote votes war way winner women work workers year"
)
"""A bare "the verdict" is one that was spoken of; "the verdict in the Sleath trial" says which."""

POINTING = _set(
    "actual alleged current earlier exact final first following former last latest latter main new next old original "
    "other others previous remaining rest same second third total whole"
)
"""Words that set one thing beside others spoken of."""

LINKING = _set(
    "afterward afterwards again also altogether another anybody anyone anything beforehand else eventually exactly "
    "instead later meanwhile next overall somebody someone too"
)
"""Words that join a question to the one before."""

DECISIONS = _set("announcement decision move news plan proposal result ruling verdict")
"""What a question with names of its own may still lean on."""
