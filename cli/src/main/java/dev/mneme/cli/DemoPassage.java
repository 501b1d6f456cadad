package dev.mneme.cli;

import java.util.List;

/**
 * A text of one domain that no model was trained on: it was written for the demo.
 *
 * @param domain of the text, and the name of the pack that knows it, where there is one
 * @param prompt the beginning of another text of the domain
 */
record DemoPassage(String domain, String text, String prompt) {

  static final List<DemoPassage> DOMAINS =
      List.of(
          new DemoPassage(
              "biomedicine",
              """
              We studied 214 adults with type 2 diabetes whose blood glucose was not controlled by \
              diet alone. Patients were randomly assigned to receive either the new tablet or \
              placebo once a day for twenty-four weeks. The primary outcome was the change in \
              glycated haemoglobin from baseline; body weight, blood pressure and adverse events \
              were secondary outcomes. At the end of treatment the mean reduction was \
              significantly greater in the treatment group than in the placebo group. Nausea and \
              mild diarrhoea were the most common side effects, and three patients left the trial \
              because of them. There was no difference between the groups in the risk of severe \
              hypoglycaemia. These results suggest that the drug improves glucose control in \
              patients with early disease, although longer studies are needed to assess its effect \
              on the heart and the kidneys.\
              """,
              "The patients in the treatment group"),
          new DemoPassage(
              "finance",
              """
              Economic activity expanded at a moderate pace in the second half of the year, while \
              inflation stayed somewhat above the longer-run objective of the central bank. \
              Household spending was supported by solid gains in employment and wages, but higher \
              interest rates continued to weigh on housing and business investment. Members of the \
              committee agreed to leave the policy rate unchanged and noted that the risks to the \
              outlook were roughly balanced. The company's net revenue rose by six percent \
              compared with the prior year, primarily because of higher prices and stronger demand \
              in its lending business. Operating expenses increased as a result of higher \
              compensation costs. Management expects that cash, cash equivalents and the unused \
              part of its credit facility will be sufficient to meet its obligations for at least \
              the next twelve months.\
              """,
              "Interest rates on mortgage loans"),
          new DemoPassage(
              "law",
              """
              The tenant appeals from a judgment of the district court, which held that she had \
              breached the lease and was liable for the landlord's costs. We review the \
              interpretation of a contract de novo. The lease provides that neither party shall be \
              deemed to be in default until it has received written notice of the failure and has \
              not cured it within thirty days. The landlord concedes that no such notice was \
              given, but argues that the tenant waived the requirement by her conduct. A waiver \
              must be clear, and the record before us contains no evidence from which a jury could \
              find one. Nor does the statute on which the landlord relies create an exception for \
              rent that is paid late. Accordingly, the judgment is reversed and the case is \
              remanded for further proceedings consistent with this opinion.\
              """,
              "The court held that the agreement"));

  /** A text that belongs to no pack. */
  static final DemoPassage GENERAL =
      new DemoPassage(
          "general",
          """
          The old lighthouse stands on a small island off the northern coast, about four \
          kilometres from the nearest village. It was built in 1868 by local masons, who carried \
          the stone across the water by boat during two summers. For almost a century a keeper and \
          his family lived beside the tower and lit the lamp every evening. After the light was \
          made automatic in 1961 the house stood empty, until a group of volunteers repaired the \
          roof and opened a museum there. Visitors can climb the stairs to the gallery, from which \
          seals and several kinds of seabirds can be seen in spring. The lighthouse has appeared \
          on a postage stamp and in two films, and every August the island holds a festival of \
          music.\
          """,
          "The village is known for");
}
